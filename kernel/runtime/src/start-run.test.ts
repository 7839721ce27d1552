import { userText } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Journal } from "./journal.ts";
import { collect, memoryStore, ofType, openHarness, sessionId } from "./runtime-harness.test.support.ts";
import type { Harness, Store } from "./runtime-harness.test.support.ts";

/** A store that keeps what is asked of its journal: `append` with its streams, or the name of another call. */
function watchedStore(): { readonly store: Store; readonly asked: string[] } {
  const store = memoryStore();
  const { journal } = store;
  const asked: string[] = [];
  const watched: Journal = {
    ...journal,
    append: (id, version, events) => {
      asked.push(`append ${id.stream}`);
      return journal.append(id, version, events);
    },
    appendAll: (appends) => {
      asked.push(`append ${appends.map(({ id }) => id.stream).join(" + ")}`);
      return journal.appendAll(appends);
    },
    version: (id) => {
      asked.push(`version ${id.stream}`);
      return journal.version(id);
    },
    read: (id, from, signal) => {
      asked.push(`read ${id.stream}`);
      return journal.read(id, from, signal);
    },
    loadCheckpoint: (id) => {
      asked.push(`checkpoint ${id.stream}`);
      return journal.loadCheckpoint(id);
    },
  };
  return { store: { ...store, journal: watched }, asked };
}

/** Runs a prompt as a client does; answers where the run was said to begin, and the events from there on. */
async function turn(
  { runtime, context }: Harness,
  prompt: string,
): Promise<{ readonly fromSeq: number; readonly events: Awaited<ReturnType<typeof collect>> }> {
  const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt: userText(prompt) }, context);
  const events = await collect(runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context));
  return { fromSeq, events };
}

const both = `append engine/${sessionId} + session/${sessionId}`;

describe("startRun()", () => {
  test("costs a turn two commits and no reading, from a session's first turn on", async () => {
    const { store, asked } = watchedStore();
    const turns = ["One", "Two", "Three"].map((text) => ({ text }));
    await using harness = await openHarness({ store, turns });
    await harness.runtime.createSession({ externalId: sessionId }, harness.context);
    asked.length = 0;

    for (const prompt of ["First", "Second", "Third"]) await turn(harness, prompt);

    expect(asked).toEqual(Array.from({ length: 6 }, () => both));
  });

  test("says where a run begins, also when another process ran the session in between", async () => {
    const store = memoryStore();
    const turns = Array.from({ length: 6 }, (_, index) => ({ text: `Answer ${index}` }));
    await using one = await openHarness({ store, turns });
    await using other = await openHarness({ store, turns });
    await one.runtime.createSession({ externalId: sessionId }, one.context);

    const seen: string[] = [];
    for (const [index, harness] of [one, one, other, other, one, one].entries()) {
      const { fromSeq, events } = await turn(harness, `Prompt ${index}`);
      const prompts = ofType(events, "run_started").map(({ prompt }) => JSON.stringify(prompt));
      seen.push(`${fromSeq} ${prompts.length} ${String(prompts[0]?.includes(`Prompt ${index}`))}`);
    }

    expect(seen).toEqual([2, 5, 8, 11, 14, 17].map((seq) => `${seq} 1 true`));
  });

  test("says of a run that waits behind another one where the session stands", async () => {
    const gate = Promise.withResolvers<void>();
    const first = async (): Promise<{ readonly text: string }> => {
      await gate.promise;
      return { text: "One" };
    };
    await using harness = await openHarness({ turns: [first, { text: "Two" }] });
    const { runtime, context } = harness;
    await runtime.createSession({ externalId: sessionId }, context);
    await runtime.startRun({ sessionId, prompt: userText("First"), runId: "r1" }, context);

    const second = await runtime.startRun({ sessionId, prompt: userText("Second"), runId: "r2" }, context);
    gate.resolve();
    const { fromSeq } = second;
    const events = await collect(runtime.attach({ sessionId, fromSeq, untilRunEnds: "r2" }, context));

    expect(fromSeq).toBe(3);
    expect(events.map(({ type }) => type)).toEqual([
      "model_finished",
      "run_finished",
      "run_started",
      "model_finished",
      "run_finished",
    ]);
  });
});
