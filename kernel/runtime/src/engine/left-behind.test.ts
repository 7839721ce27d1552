import { describe, expect, test } from "vitest";

import { createMemoryJournal } from "../memory/memory-journal.ts";
import { createMemoryLeases } from "../memory/memory-leases.ts";
import { codeOf } from "../runtime-harness.test.support.ts";
import { createEmbeddedEngine } from "./embedded-engine.ts";

describe("createEmbeddedEngine()", () => {
  test("ends a timer that a program left behind", async () => {
    await using engine = createEmbeddedEngine({
      journal: createMemoryJournal(),
      leases: createMemoryLeases(),
    });
    let left = Promise.resolve("nothing");
    engine.register("forgetful", async (context) => {
      left = codeOf(context.sleep("for ever", 1_000_000));
      return "done";
    });
    await engine.start();
    const run = { tenant: "acme", key: "k", runId: "r" };
    await engine.submit("forgetful", { ...run, input: null });

    expect(await engine.result(run, new AbortController().signal)).toBe("done");
    expect(await left).toBe("engine.run_ended");
  });
});
