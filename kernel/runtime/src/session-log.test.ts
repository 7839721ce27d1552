import { TauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import { echoTool, memoryStore, openHarness, policyOf, sessionId } from "./runtime-harness.test.support.ts";
import { SessionLog, sessionStream } from "./session-log.ts";

const disk = new TauError("journal.unavailable", "The disk is full.", { class: "retryable" });

describe("SessionLog", () => {
  test("L2. is dead after a failed commit, and tells the first reason without an unhandled rejection", async () => {
    const journal = createMemoryJournal();
    const id = sessionStream("acme", sessionId);
    let failing = false;
    const append: typeof journal.append = (...args) =>
      failing ? Promise.reject(disk) : journal.append(...args);
    const host = { journal: { ...journal, append }, clock: systemClock };
    await journal.append(id, 0, [
      {
        type: "session_created",
        version: 1,
        at: 1,
        body: JSON.stringify({ sessionId, tenant: "acme", principal: "ada", bootstrap: [] }),
      },
    ]);
    const log = await SessionLog.open(host, id, new AbortController().signal);
    const resumed = { type: "run_resumed", runId: "r1", rerunEffects: [] } as const;

    failing = true;
    log?.record(resumed);
    const unawaited: (Promise<unknown> | undefined)[] = [log?.commit()];
    log?.record(resumed);
    unawaited.push(log?.commit());
    // Whatever is not handled is reported after this turn of the loop, and fails the test.
    await new Promise(setImmediate);
    unawaited.push(log?.commit());
    await new Promise(setImmediate);

    expect(() => log?.record(resumed)).toThrow(disk);
    const outcomes = await Promise.allSettled(unawaited.filter((promise) => promise !== undefined));
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual([
      disk,
      disk,
      disk,
    ]);
  });

  test("L2. stops a run whose events cannot be written, instead of asking the model on and on", async () => {
    const store = memoryStore();
    let asked = 0;
    let isBroken = false;
    const again = Promise.withResolvers<void>();
    const append: typeof store.journal.append = (id, ...rest) =>
      isBroken && id.stream.startsWith("session/") ? Promise.reject(disk) : store.journal.append(id, ...rest);
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
