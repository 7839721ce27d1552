import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { WriteSet } from "@tau/tools";
import { describe, expect, it } from "vitest";

import { fillRoom } from "./fill-room.ts";
import type { Layered } from "./layered.test.support.ts";
import { layered, never, pictureOf } from "./layered.test.support.ts";
import type { Stage, TransactionRecord } from "./record.ts";
import { readRecord, removeTree, stageOf, writeRecord } from "./record.ts";
import { runSteps } from "./run-steps.ts";
import { inverted } from "./steps.ts";

const line =
  "echo x >> a.txt; sed -i s/bee/B/ b.txt; rm -r many; mkdir n; echo n > n/n; rm tool.sh; mkdir tool.sh; chmod 500 empty; ln -sf b.txt link";
/** One after each of the moves that the line above takes, and one before the first. */
const moves = 8;
const deadProcess = { pid: 2 ** 22 + 1, startedAt: "1" };

interface Interrupted {
  readonly fixture: Layered;
  readonly set: WriteSet;
  readonly stage: Stage;
  readonly record: TransactionRecord;
}

/** A commit whose process was killed after `done` of its moves. */
async function interruptedCommit(fixture: Layered, done: number): Promise<Interrupted> {
  const set = await fixture.hold(line);
  const stage = stageOf(fixture.store, set.id);
  const record = await readRecord(stage);
  if (record === undefined) throw new TypeError("There is no record.");
  expect(record.steps).toHaveLength(moves);
  await removeTree(stage.coming);
  mkdirSync(stage.coming);
  await fillRoom(record.steps, record.changes, { upper: stage.upper, room: stage.coming });
  await writeRecord(stage, { ...record, status: "committing", owner: deadProcess });
  const places = { workspace: fixture.workspace, from: stage.coming, to: stage.old };
  await runSteps(record.steps.slice(0, done), places);
  return { fixture, set, stage, record };
}

async function statusOf({ fixture, set }: Pick<Interrupted, "fixture" | "set">): Promise<string | undefined> {
  return (await fixture.transactions.list(never)).find(({ id }) => id === set.id)?.status;
}

async function committedPicture(): Promise<Readonly<Record<string, string>>> {
  await using fixture = await layered();
  const { id, hash } = await fixture.hold(line);
  await fixture.transactions.commit(id, hash, never);
  return pictureOf(fixture.workspace);
}

describe("a commit that a process was killed in", () => {
  it.each(Array.from({ length: moves + 1 }, (_, done) => done))(
    "is finished after %i moves",
    async (done) => {
      await using fixture = await layered();
      const before = pictureOf(fixture.workspace);
      const interrupted = await interruptedCommit(fixture, done);
      expect(await statusOf(interrupted)).toBe("committed");
      expect(pictureOf(fixture.workspace)).toEqual(await committedPicture());
      await fixture.transactions.undo(interrupted.set.id, never);
      expect(pictureOf(fixture.workspace)).toEqual(before);
    },
  );

  it("is finished when a file had its second name already", async () => {
    await using fixture = await layered();
    const interrupted = await interruptedCommit(fixture, 0);
    const { record, stage } = interrupted;
    for (const step of record.steps) {
      if (step.kind === "put" && step.replaces)
        linkSync(fixture.at(step.path), join(stage.old, String(step.n)));
    }
    expect(await statusOf(interrupted)).toBe("committed");
    expect(pictureOf(fixture.workspace)).toEqual(await committedPicture());
  });

  it.each(Array.from({ length: 4 }, (_, done) => done))(
    "is taken back after %i moves when the workspace changed meanwhile",
    async (done) => {
      await using fixture = await layered();
      const interrupted = await interruptedCommit(fixture, done);
      writeFileSync(fixture.at("b.txt"), "mine");
      await using untouched = await layered();
      writeFileSync(untouched.at("b.txt"), "mine");
      expect(await statusOf(interrupted)).toBe("undone");
      expect(pictureOf(fixture.workspace)).toEqual(pictureOf(untouched.workspace));
    },
  );

  it("is left alone while its process lives", async () => {
    await using fixture = await layered();
    const { stage, record, set } = await interruptedCommit(fixture, 2);
    await writeRecord(stage, { ...record, status: "committing" });
    const before = pictureOf(fixture.workspace);
    await statusOf({ fixture, set });
    expect(pictureOf(fixture.workspace)).toEqual(before);
  });

  it("stays as it is, and says that it is stuck, when no way is open", async () => {
    await using fixture = await layered();
    const interrupted = await interruptedCommit(fixture, moves);
    await removeTree(fixture.at("n"));
    await removeTree(interrupted.stage.old);
    expect(await statusOf(interrupted)).toBe("stuck");
  });
});

describe("an undo that a process was killed in", () => {
  it.each(Array.from({ length: moves + 1 }, (_, done) => done))(
    "is finished after %i moves",
    async (done) => {
      await using fixture = await layered();
      const before = pictureOf(fixture.workspace);
      const set = await fixture.hold(line);
      await fixture.transactions.commit(set.id, set.hash, never);
      const stage = stageOf(fixture.store, set.id);
      const record = await readRecord(stage);
      if (record === undefined) throw new TypeError("There is no record.");
      await writeRecord(stage, { ...record, status: "undoing", owner: deadProcess });
      const places = { workspace: fixture.workspace, from: stage.old, to: stage.undone };
      await runSteps(inverted(record.steps).slice(0, done), places);
      expect(await statusOf({ fixture, set })).toBe("undone");
      expect(pictureOf(fixture.workspace)).toEqual(before);
    },
  );
});
