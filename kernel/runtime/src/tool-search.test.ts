import { createAnswerCache, withLayers } from "@tau/pipeline";
import type { CacheBreak, Layer } from "@tau/pipeline";
import { defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import {
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  policyOf,
  resultTexts,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { Turn } from "./runtime-harness.test.support.ts";

const many: readonly Tool[] = Array.from({ length: 1_000 }, (_, index) => echoTool(`server__tool_${index}`));
const issue = defineTool<{ title: string }>({
  name: "github__create_issue",
  description: "Opens an issue.",
  input: { type: "object", properties: { title: { type: "string" } }, required: ["title"] },
  sideEffect: "irreversible",
  execute: ({ title }) => `opened ${title}`,
});
const found = { calls: [{ name: "tool_search", args: { query: "open an issue" } }] };
const create = (title: string): Turn => ({
  calls: [{ name: "tool_call", args: { tool: "github__create_issue", arguments: { title } } }],
});

/** Notes after each call of the model whether it broke the beginning of the prompt. */
function watching(breaks: (CacheBreak | undefined)[]): Layer {
  return {
    name: "telemetry",
    wrap: (next) =>
      async function* (call) {
        yield* next(call);
        breaks.push(call.record.cacheBreak);
      },
  };
}

describe("tool search in a run", () => {
  test("appends what is found: the beginning of the prompt stays the same, and the ledger names the tool", async () => {
    const breaks: (CacheBreak | undefined)[] = [];
    const model = turnModel([found, create("a"), create("b"), { text: "Done" }]);
    const layered = withLayers(model, watching(breaks), createAnswerCache().layer);
    await using harness = await openHarness({ model: layered, tools: [...many, issue] });

    const events = await harness.run("Open two issues.");

    expect(breaks).toEqual([undefined, undefined, undefined, undefined]);
    const beginnings = model.requests.map(({ system, tools }) => JSON.stringify([system, tools]));
    expect(new Set(beginnings).size).toBe(1);
    expect(beginnings[0]?.length).toBeLessThan(2_500);
    for (const { messages } of model.requests)
      expect(model.requests.at(-1)?.messages.slice(0, messages.length)).toEqual(messages);
    expect(ofType(events, "effect_started").map(({ tool, sideEffect }) => `${tool} ${sideEffect}`)).toEqual([
      "tool_search pure",
      "github__create_issue irreversible",
      "github__create_issue irreversible",
    ]);
    expect(resultTexts(events).slice(1)).toEqual(["opened a", "opened b"]);
  });

  test("what was found is in the log: another process goes on with the same prompt, and calls it", async () => {
    const store = memoryStore();
    const tools = [...many, issue];
    const first = turnModel([found, { text: "Found it." }]);
    await using before = await openHarness({ model: first, tools, store });
    await before.run("Find the tool.");
    await before[Symbol.asyncDispose]();

    const second = turnModel([{ text: "" }, { text: "" }, create("c"), { text: "Done" }]);
    await using after = await openHarness({ model: second, tools: tools.toReversed(), store });
    const events = await after.run("Now use it.");

    const [last, next] = [first.requests.at(-1), second.requests[0]];
    expect(JSON.stringify(next?.tools)).toBe(JSON.stringify(last?.tools));
    expect(next?.messages.slice(0, last?.messages.length)).toEqual(last?.messages);
    expect(JSON.stringify(next?.messages)).toContain("github__create_issue");
    expect(resultTexts(events)).toEqual(["opened c"]);
  });

  test("rules, hooks and people decide on the tool that is called", async () => {
    const seen: string[] = [];
    await using harness = await openHarness({
      turns: [create("a"), { text: "Done" }],
      tools: [...many, issue],
      policy: policyOf({ github__create_issue: "ask" }),
      hooks: [
        {
          name: "h",
          beforeTool: async ({ tool, arguments: args }) => {
            seen.push(`${tool} ${JSON.stringify(args)}`);
            return { decision: "rewrite", arguments: { title: "rewritten" }, reason: "better" };
          },
        },
      ],
    });
    await harness.begin("Go");
    const events = await harness.until(({ type }) => type === "approval_requested");
    const [asked] = ofType(events, "approval_requested");

    expect(seen).toEqual(['github__create_issue {"title":"a"}']);
    expect([asked?.tool, asked?.arguments]).toEqual(["github__create_issue", '{"title":"rewritten"}']);
    await harness.runtime.respond(
      { sessionId: "s1", approvalId: asked?.approvalId ?? "", answer: "allow" },
      harness.context,
    );
    const all = await harness.until(({ type }) => type === "run_finished");
    expect(resultTexts(all)).toEqual(["opened rewritten"]);
  });
});
