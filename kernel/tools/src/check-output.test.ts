import type { JsonSchema } from "@tau/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "./define-tool.ts";
import { createWorkspaceContext } from "./testing/tool-context.ts";
import { resultText, toolCall } from "./tool-call.test.support.ts";
import type { ToolAnswer } from "./tool-output.ts";
import { createToolRegistry } from "./tool-registry.ts";
import type { ToolRun } from "./run-call.ts";

const weather = z.object({ city: z.string(), days: z.array(z.object({ degrees: z.number() })) });

async function answer(said: ToolAnswer, output?: JsonSchema): Promise<ToolRun> {
  const tool = defineTool({
    name: "weather",
    description: "Tells the weather.",
    input: { type: "object" },
    output: output ?? weather,
    sideEffect: "pure",
    execute: () => said,
  });
  return await createToolRegistry({ tools: [tool] }).execute(
    toolCall("weather", {}),
    await createWorkspaceContext(),
  );
}

describe("checkOutput()", () => {
  test("lets through what fits, with the value that the schema describes", async () => {
    const fits = { city: "Oslo", days: [{ degrees: 3 }] };
    expect(resultText((await answer(fits)).result)).toBe(JSON.stringify(fits));
    const full = { content: [{ type: "text", text: "3 degrees" }], value: fits } as const;
    expect(resultText((await answer(full)).result)).toBe("3 degrees");
    expect((await answer("text", { type: "string" })).result.isError).toBe(false);
  });

  test("withholds what does not, and names the place", async () => {
    const run = await answer({ city: "Oslo", days: [{ degrees: 3 }, { degrees: "warm" }] });

    expect(run.code).toBe("tool.invalid_output");
    expect(resultText(run.result)).toContain("- days[1].degrees: expected number");
    expect(resultText(run.result)).not.toContain("Oslo");
  });

  test("withholds an answer without a value, and one that is something else", async () => {
    const none = { content: [{ type: "text", text: "3 degrees" }] } as const;
    expect((await answer(none)).code).toBe("tool.invalid_output");
    expect(resultText((await answer([1])).result)).toContain("- output: expected object, got an array");
  });

  test("leaves errors alone: they promise nothing", async () => {
    const run = await answer({ content: [{ type: "text", text: "no such city" }], isError: true });
    expect(resultText(run.result)).toBe("no such city");
  });

  test("says so when the schema is broken", async () => {
    const run = await answer({ a: 1 }, { properties: { a: { $ref: "#/$defs/none" } } });
    expect(run.code).toBe("tool.invalid_schema");
  });
});
