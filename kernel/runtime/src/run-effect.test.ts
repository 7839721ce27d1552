import { defineCapabilities } from "@tau/agent";
import { userText } from "@tau/core";
import { defineTool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import type { Journal } from "./journal.ts";
import {
  collect,
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  turnModel,
} from "./runtime-harness.test.support.ts";

/** A journal that keeps the types of what is durable, some turns of the queue after the append was called. */
function slowJournal(journal: Journal, durable: string[]): Journal {
  return {
    ...journal,
    async append(id, expectedVersion, events) {
      const version = await journal.append(id, expectedVersion, events);
      await new Promise(setImmediate);
      durable.push(...events.map((event) => event.type));
      return version;
    },
  };
}

describe("runGroup()", () => {
  test.each(["idempotent", "compensable", "irreversible"] as const)(
    "E1. starts an %s effect only when its start is durable",
    async (sideEffect) => {
      const store = memoryStore();
      const durable: string[] = [];
      let before: readonly string[] = [];
      const tool = echoTool("write", {
        sideEffect,
        run: () => {
          before = [...durable];
          return "written";
        },
      });
      await using harness = await openHarness({
        turns: [{ calls: [{ name: "write" }] }, { text: "Done" }],
        tools: [tool],
        store: { ...store, journal: slowJournal(store.journal, durable) },
      });

      await harness.run("Go");

      expect(before).toContain("model_finished");
      expect(before).toContain("effect_started");
    },
  );

  test("E3. runs sixteen pure calls at once, and no more", async () => {
    let running = 0;
    let most = 0;
    const tool = echoTool("read", {
      run: async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        return "read";
      },
    });
    const calls = Array.from({ length: 40 }, (_, index) => ({ name: "read", args: { text: `${index}` } }));
    await using harness = await openHarness({ turns: [{ calls }, { text: "Done" }], tools: [tool] });

    const events = await harness.run("Go");

    expect(most).toBe(16);
    expect(ofType(events, "effect_finished")).toHaveLength(40);
  });

  test("is not changed by an observer that throws", async () => {
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "bad" }] }, () => Promise.reject(new Error("down"))],
      tools: [echoTool("bad", { run: () => Promise.reject(new Error("boom")) })],
      observer: () => {
        throw new Error("The log is full.");
      },
    });

    const events = await harness.run("Go");

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("failed");
    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason: "error" });
  });

  test("gives effects of two sessions different keys, though the callers named their runs alike", async () => {
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "pay" }] }, { text: "Done" }],
      tools: [echoTool("pay", { sideEffect: "irreversible" })],
    });
    const keys: string[] = [];
    for (const sessionId of ["one", "two"]) {
      await harness.runtime.createSession({ externalId: sessionId }, harness.context);
      await harness.runtime.startRun({ sessionId, runId: "r1", prompt: userText("Go") }, harness.context);
      const events = await collect(
        harness.runtime.attach({ sessionId, fromSeq: 1, untilRunEnds: "r1" }, harness.context),
      );
      keys.push(...ofType(events, "effect_started").map((event) => event.idempotencyKey));
    }

    expect(new Set(keys).size).toBe(2);
  });
});

describe("toolContext()", () => {
  test("keeps pictures from a model that is known to take none", async () => {
    const picture = defineTool({
      name: "look",
      description: "Looks.",
      input: { type: "object" },
      sideEffect: "pure",
      execute: async () => ({
        content: [
          { type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } } as const,
        ],
      }),
    });
    for (const image of ["no", "unknown"] as const) {
      const model = turnModel([{ calls: [{ name: "look" }] }, { text: "Done" }], {
        capabilities: defineCapabilities({ input: { image } }),
      });
      await using harness = await openHarness({ model, tools: [picture] });

      const events = await harness.run("Go");

      const [finished] = ofType(events, "effect_finished");
      expect(finished?.result?.content[0]?.type).toBe(image === "no" ? "text" : "image");
      expect(finished?.result?.isError).toBe(image === "no");
    }
  });
});
