import { noUsage, TauError, userText } from "@tau/core";
import type { JsonObject, SessionEvent } from "@tau/core";
import { encodeEvent, History, SessionState, sessionStateVersion, windowTextVersion } from "@tau/session";
import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import { echoTool, memoryStore, openHarness, policyOf, sessionId } from "./runtime-harness.test.support.ts";
import { SessionLog, sessionStream } from "./session-log.ts";

const disk = new TauError("journal.unavailable", "The disk is full.", { class: "retryable" });
const id = sessionStream("acme", sessionId);
const resumed = { type: "run_resumed", runId: "r1", rerunEffects: [] } as const;

/** A session that was just created, with its log. */
async function openLog(journal: Journal): Promise<SessionLog> {
  const body = JSON.stringify({ sessionId, tenant: "acme", principal: "ada", bootstrap: [] });
  await journal.append(id, 0, [{ type: "session_created", version: 1, at: 1, body }]);
  const host = { journal, clock: systemClock };
  const log = await SessionLog.open(host, id, new AbortController().signal);
  if (log === undefined) throw new Error("There is no session.");
  return log;
}

/** A prompt and its answer. */
function turn(runId: string): readonly SessionEvent[] {
  const message = { role: "assistant", parts: [{ type: "text", text: `Answer of ${runId}` }] } as const;
  const common = { runId, usage: noUsage, costMicroUsd: 1 };
  const place = { agent: "main", principal: "ada", environment: "none", profile: "none" };
  const called = {
    step: 1,
    provider: "test",
    model: "m1",
    message,
    stopReason: "stop",
    durationMs: 1,
  } as const;
  return [
    { type: "run_started", runId, ...place, prompt: userText(`Prompt of ${runId}`), limits: {} },
    { type: "model_finished", ...common, ...called },
    { type: "run_finished", ...common, status: "completed", reason: "answered", steps: 1 },
  ];
}

describe("SessionLog", () => {
  test("opens from a checkpoint as from the first event, without the bodies that tell its history nothing", async () => {
    const created = { sessionId, tenant: "acme", principal: "ada", bootstrap: [] };
    const events = [{ type: "session_created", ...created } as const, ...turn("r1"), ...turn("r2")];
    const stored = events.map((event, index) => ({ ...encodeEvent(event), at: index }));
    const state = new SessionState();
    events.slice(0, 4).forEach((event, index) => state.apply({ seq: index + 1, at: index, event }));
    const [whole, short] = [createMemoryJournal(), createMemoryJournal()];
    await whole.append(id, 0, stored);
    await short.append(
      id,
      0,
      stored.map((event, index) => (index === 3 ? { ...event, body: "" } : event)),
    );
    await short.saveCheckpoint(id, { seq: 4, version: sessionStateVersion, state: state.toCheckpoint() });

    const [from, of] = await Promise.all(
      [whole, short].map((journal) =>
        SessionLog.open({ journal, clock: systemClock }, id, new AbortController().signal),
      ),
    );

    expect(of?.history.entries).toEqual(from?.history.entries);
    expect(of?.state).toEqual(from?.state);
    expect(of?.history.messages()).toHaveLength(4);
  });

  test("begins with what it kept of its window only where it knows that shape, and what its fences are made from", async () => {
    const created = { sessionId, tenant: "acme", principal: "ada", bootstrap: [] };
    const events = [{ type: "session_created", ...created } as const, ...turn("r1"), ...turn("r2")];
    const state = new SessionState();
    const history = new History();
    events.slice(0, 4).forEach((event, index) => {
      state.apply({ seq: index + 1, at: index, event });
      if (index === 1) history.apply({ seq: 2, at: 1, event });
    });
    // Of the first run only the prompt: so it shows which was read.
    const text = history.toText() ?? "";
    const open = async (
      version: number,
      kept: JsonObject,
      hasState: boolean,
    ): Promise<number | undefined> => {
      const journal = createMemoryJournal();
      await journal.append(
        id,
        0,
        events.map((event, index) => ({ ...encodeEvent(event), at: index })),
      );
      const checkpoint = { seq: 4, version: sessionStateVersion, state: state.toCheckpoint() };
      if (hasState) await journal.saveCheckpoint(id, checkpoint);
      const stream = id.stream.replace("session/", "window/");
      await journal.saveCheckpoint({ ...id, stream }, { seq: 4, version, state: kept });
      const log = await SessionLog.open({ journal, clock: systemClock }, id, new AbortController().signal);
      return log?.history.messages().length;
    };

    expect(await open(windowTextVersion, { text }, true)).toBe(3);
    expect(await open(windowTextVersion, { text }, false)).toBe(4);
    expect(await open(windowTextVersion + 1, { text }, true)).toBe(4);
    expect(await open(windowTextVersion, { text: 7 }, true)).toBe(4);
    expect(await open(windowTextVersion, { text: "[]" }, true)).toBe(4);
  });

  test("L1. makes one append of what is recorded before there is something to wait for", async () => {
    const journal = createMemoryJournal();
    const sizes: number[] = [];
    const append: typeof journal.append = (at, version, events) => {
      sizes.push(events.length);
      return journal.append(at, version, events);
    };
    const log = await openLog({ ...journal, append });
    sizes.length = 0;

    log.record(resumed);
    log.sendSoon();
    await Promise.resolve();
    log.record(resumed);
    log.sendSoon();
    log.record(resumed);
    await new Promise(setImmediate);
    log.record(resumed);
    log.sendSoon();
    await log.commit();

    expect(sizes).toEqual([3, 1]);
    expect(await journal.version(id)).toBe(5);
  });

  test("L2. is dead after a failed commit, and tells the first reason without an unhandled rejection", async () => {
    const journal = createMemoryJournal();
    let failing = false;
    const append: typeof journal.append = (...args) =>
      failing ? Promise.reject(disk) : journal.append(...args);
    const log = await openLog({ ...journal, append });

    failing = true;
    log.record(resumed);
    const unawaited = [log.commit()];
    log.record(resumed);
    log.sendSoon();
    // Whatever is not handled is reported after this turn of the loop, and fails the test.
    await new Promise(setImmediate);
    unawaited.push(log.commit());
    await new Promise(setImmediate);

    expect(() => log.record(resumed)).toThrow(disk);
    const outcomes = await Promise.allSettled(unawaited);
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual([disk, disk]);
  });

  test("L2. stops a run whose events cannot be written, instead of asking the model on and on", async () => {
    const store = memoryStore();
    let asked = 0;
    let isBroken = false;
    const again = Promise.withResolvers<void>();
    const append: typeof store.journal.append = (at, ...rest) =>
      isBroken && at.stream.startsWith("session/") ? Promise.reject(disk) : store.journal.append(at, ...rest);
    const loop = (): { readonly calls: readonly { readonly name: string }[] } => {
      asked += 1;
      isBroken = true;
      return { calls: [{ name: "read" }] };
    };
    await using harness = await openHarness({
      turns: Array.from({ length: 40 }, () => loop),
      tools: [echoTool("read")],
      store: { ...store, journal: { ...store.journal, append } },
      policyFor: () => {
        // The second time, the engine begins the run again.
        if (isBroken) again.resolve();
        return policyOf({});
      },
    });

    await harness.begin("Go");
    await again.promise;

    expect(asked).toBeLessThan(3);
  });
});
