import fc from "fast-check";
import { expect } from "vitest";

import type { Checkpoint, Journal, StoredEvent, StreamId } from "../journal.ts";
import { startFollower, type Follower } from "./follower.ts";
import { codeOf, placed, readAll, sampleEvents } from "./journal-samples.ts";

const tenants = ["tenant-a", "tenant-b"] as const;
const streams = ["session/1", "session/10", "inbox/1"] as const;
const ids: readonly StreamId[] = tenants.flatMap((tenant) => streams.map((stream) => ({ tenant, stream })));

/** One thing that somebody does to a journal. */
export type JournalCommand =
  | {
      readonly kind: "append";
      readonly id: StreamId;
      readonly count: number;
      /** Added to the true version; anything but 0 is a conflict. */
      readonly offset: number;
      readonly awaited: boolean;
    }
  | {
      readonly kind: "together";
      readonly tenant: string;
      readonly parts: readonly { readonly stream: string; readonly count: number; readonly offset: number }[];
      readonly awaited: boolean;
    }
  | { readonly kind: "read" | "follow"; readonly id: StreamId; readonly from: number }
  | { readonly kind: "checkpoint"; readonly id: StreamId; readonly version: number }
  | { readonly kind: "list"; readonly tenant: string; readonly prefix: string; readonly limit: number };

const anyId = fc.constantFrom(...ids);
const anyOffset = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1, 7));

/** Programs of commands over several tenants and streams. */
export const journalProgram: fc.Arbitrary<readonly JournalCommand[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("append" as const),
        id: anyId,
        count: fc.nat(4),
        offset: anyOffset,
        awaited: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("together" as const),
        tenant: fc.constantFrom(...tenants),
        parts: fc.uniqueArray(
          fc.record({ stream: fc.constantFrom(...streams), count: fc.nat(3), offset: anyOffset }),
          { selector: ({ stream }) => stream, minLength: 1 },
        ),
        awaited: fc.boolean(),
      }),
    },
    fc.record({
      kind: fc.constantFrom("read" as const, "follow" as const),
      id: anyId,
      from: fc.integer({ min: -1, max: 12 }),
    }),
    fc.record({ kind: fc.constant("checkpoint" as const), id: anyId, version: fc.nat(3) }),
    fc.record({
      kind: fc.constant("list" as const),
      tenant: fc.constantFrom("tenant-a", "tenant-b", "nobody"),
      prefix: fc.constantFrom("", "session/", "session/1", "inbox/", "zzz"),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  { maxLength: 40 },
);

/** What a journal should hold. */
class JournalModel {
  private readonly streams = new Map<string, StoredEvent[]>();
  readonly checkpoints = new Map<string, Checkpoint>();

  events(id: StreamId): StoredEvent[] {
    const key = `${id.tenant} ${id.stream}`;
    const found = this.streams.get(key) ?? [];
    this.streams.set(key, found);
    return found;
  }

  list(tenant: string, prefix: string): readonly string[] {
    return ids
      .filter((id) => id.tenant === tenant && id.stream.startsWith(prefix) && this.events(id).length > 0)
      .map((id) => id.stream)
      .sort()
      .toReversed();
  }

  tenants(): readonly string[] {
    return [...new Set(ids.filter((id) => this.events(id).length > 0).map((id) => id.tenant))].sort();
  }
}

interface OpenFollower {
  readonly id: StreamId;
  readonly from: number;
  readonly follower: Follower;
}

/** Runs `program` on a journal whose streams are empty and compares every answer with a model. */
export async function checkProgram(journal: Journal, program: readonly JournalCommand[]): Promise<void> {
  const model = new JournalModel();
  const open: OpenFollower[] = [];
  let pending: Promise<void>[] = [];
  let made = 0;

  const settle = async (): Promise<void> => {
    const waiting = pending;
    pending = [];
    await Promise.all(waiting);
  };

  for (const command of program) {
    if (command.kind === "append") {
      pending.push(checkAppend(journal, model, command, `append ${made++}`));
      if (command.awaited) await settle();
    } else if (command.kind === "together") {
      pending.push(checkTogether(journal, model, command, `append ${made++}`));
      if (command.awaited) await settle();
    } else if (command.kind === "follow") {
      const { id, from } = command;
      open.push({ id, from, follower: startFollower(journal, id, from) });
    } else {
      await settle();
      await checkQuery(journal, model, command);
    }
  }
  await settle();
  await checkEnd(journal, model, open);
}

async function checkAppend(
  journal: Journal,
  model: JournalModel,
  command: Extract<JournalCommand, { kind: "append" }>,
  label: string,
): Promise<void> {
  const { id, count, offset } = command;
  const stored = model.events(id);
  const version = stored.length;
  const events = sampleEvents(label, count);
  if (offset !== 0) {
    expect(await codeOf(journal.append(id, version + offset, events))).toBe("journal.conflict");
    return;
  }
  stored.push(...placed(events, version));
  expect(await journal.append(id, version, events)).toBe(version + count);
}

async function checkTogether(
  journal: Journal,
  model: JournalModel,
  { tenant, parts }: Extract<JournalCommand, { kind: "together" }>,
  label: string,
): Promise<void> {
  const appends = parts.map(({ stream, count, offset }) => {
    const id = { tenant, stream };
    return { id, expectedVersion: model.events(id).length + offset, events: sampleEvents(label, count) };
  });
  if (parts.some(({ offset }) => offset !== 0)) {
    expect(await codeOf(journal.appendAll(appends))).toBe("journal.conflict");
    return;
  }
  for (const { id, expectedVersion, events } of appends)
    model.events(id).push(...placed(events, expectedVersion));
  const versions = appends.map(({ expectedVersion, events }) => expectedVersion + events.length);
  expect(await journal.appendAll(appends)).toEqual(versions);
}

async function checkQuery(
  journal: Journal,
  model: JournalModel,
  command: Extract<JournalCommand, { kind: "read" | "follow" | "checkpoint" | "list" }>,
): Promise<void> {
  if (command.kind === "list") {
    const { tenant, prefix, limit } = command;
    const all: string[] = [];
    for (let before: string | undefined; ; before = all.at(-1)) {
      const page = await journal.list(
        tenant,
        before === undefined ? { prefix, limit } : { prefix, limit, before },
      );
      expect(page.length).toBeLessThanOrEqual(limit);
      all.push(...page.map((summary) => summary.stream));
      if (page.length < limit || all.length > ids.length) break;
    }
    expect(all).toEqual(model.list(tenant, prefix));
    expect(await journal.tenants()).toEqual(expect.arrayContaining([...model.tenants()]));
    return;
  }
  const { id } = command;
  const key = `${id.tenant} ${id.stream}`;
  if (command.kind === "checkpoint") {
    expect(await journal.loadCheckpoint(id)).toEqual(model.checkpoints.get(key));
    const checkpoint = { seq: model.events(id).length, version: command.version, state: { key } };
    model.checkpoints.set(key, checkpoint);
    await journal.saveCheckpoint(id, checkpoint);
    expect(await journal.loadCheckpoint(id)).toEqual(checkpoint);
    return;
  }
  expect(await journal.version(id)).toBe(model.events(id).length);
  const expected = model.events(id).slice(Math.max(0, command.from - 1));
  expect(await readAll(journal, id, command.from)).toEqual(expected);
}

async function checkEnd(journal: Journal, model: JournalModel, open: readonly OpenFollower[]): Promise<void> {
  for (const { id, from, follower } of open) {
    const expected = model.events(id).slice(Math.max(0, from - 1));
    await follower.until(expected.at(-1)?.seq ?? 0);
    expect(await follower.stop()).toMatchObject({ message: "stopped by the test" });
    expect(follower.seen).toEqual(expected);
  }
  for (const id of ids) {
    const stored = model.events(id);
    expect(await readAll(journal, id)).toEqual(stored);
    const [summary] = await journal
      .list(id.tenant, { prefix: id.stream, limit: 100 })
      .then((page) => page.filter((one) => one.stream === id.stream));
    const [first, last] = [stored[0], stored.at(-1)];
    expect(summary).toEqual(
      first &&
        last && {
          stream: id.stream,
          version: last.seq,
          createdAt: first.at,
          updatedAt: last.at,
          lastType: last.type,
        },
    );
  }
}
