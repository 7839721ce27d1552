import { TauError } from "@tau/core";
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

describe("SessionLog", () => {
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
