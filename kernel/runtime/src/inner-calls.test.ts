import { untrusted } from "@tau/core";
import type { JsonObject, ToolResultPart } from "@tau/core";
import { defineTool } from "@tau/tools";
import type { PermissionPolicy, Tool, ToolContext } from "@tau/tools";
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
import type { HarnessOptions } from "./runtime-harness.test.support.ts";

type Caller = (name: string, args?: JsonObject) => Promise<ToolResultPart>;

/** A tool that calls others as its test says. */
function outerTool(work: (call: Caller, context: ToolContext) => Promise<string>): Tool {
  return defineTool({
    name: "outer",
    description: "Calls others.",
    input: { type: "object" },
    sideEffect: "idempotent",
    execute: async (_input, context) => {
      const { callTool, signal } = context;
      if (callTool === undefined) throw new TypeError("It can call.");
      return await work((name, args = {}) => callTool(name, args, signal), context);
    },
  });
}

const turns = [{ calls: [{ name: "outer" }] }, { text: "Done" }];

function textOf({ content }: ToolResultPart): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

async function run(work: Parameters<typeof outerTool>[0], options: HarnessOptions = {}) {
  const model = turnModel(turns);
  const { tools = [], ...rest } = options;
  await using harness = await openHarness({ model, tools: [outerTool(work), ...tools], ...rest });
  const events = await harness.run("Go");
  return { events, requests: model.requests, outer: resultTexts(events).at(-1) };
}

describe("createInnerCalls()", () => {
  test("N1. ledgers a call as any other, and keeps its result out of what the model gets", async () => {
    const { events, requests, outer } = await run(
      async (call) => textOf(await call("echo", { text: "hidden" })).toUpperCase(),
      { tools: [echoTool("echo", { sideEffect: "irreversible" })] },
    );

    expect(outer).toBe("ECHO: HIDDEN");
    const [started] = ofType(events, "effect_started").filter(({ tool }) => tool === "echo");
    expect(started?.effectId).toMatch(/^.+\.1\.0:[0-9a-f]{16}-1$/u);
    expect(ofType(events, "permission_decided").map(({ tool }) => tool)).toEqual(["outer", "echo"]);
    expect(ofType(events, "effect_finished").map(({ tool }) => tool)).toEqual(["echo", "outer"]);
    expect(JSON.stringify(requests[1]?.messages)).not.toContain("echo: hidden");
    expect(requests[1]?.messages.length).toBe(3);
  });

  test("N1. asks arguments, hooks and rules", async () => {
    const seen: string[] = [];
    const { outer } = await run(
      async (call) => {
        const said: string[] = [];
        for (const args of [{ text: 1 }, { text: "hooked" }, { text: "rewrite" }])
          said.push(textOf(await call("echo", args)));
        said.push(textOf(await call("denied")), textOf(await call("nothing")), textOf(await call("asked")));
        return said.map((text) => text.replaceAll("\n", " ")).join("\n");
      },
      {
        tools: [echoTool("echo"), echoTool("denied"), echoTool("asked")],
        policy: policyOf({ denied: "deny", asked: "ask" }),
        hooks: [
          {
            name: "h",
            beforeTool: async ({ tool, arguments: args }) => {
              seen.push(tool);
              if (args["text"] === "hooked") return { decision: "deny", reason: "no" };
              if (args["text"] === "rewrite")
                return { decision: "rewrite", arguments: { text: "rewritten" }, reason: "better" };
              return { decision: "allow" };
            },
          },
        ],
      },
    );

    expect(outer?.split("\n")).toEqual([
      expect.stringContaining("tool.invalid_arguments"),
      "tool.denied: no",
      "echo: rewritten",
      "tool.denied: The test says deny.",
      expect.stringContaining("tool.not_found"),
      expect.stringContaining("call.needs_person"),
    ]);
    expect(seen).toContain("denied");
  });

  test("N2. the result is trusted no further than what the tool was told", async () => {
    const label = untrusted("web:example.org");
    const page = defineTool({
      name: "page",
      description: "Gets a page.",
      input: { type: "object" },
      sideEffect: "pure",
      label,
      execute: () => "words",
    });
    const { events } = await run(
      async (call) => {
        await call("page");
        return "3 words";
      },
      { tools: [page] },
    );

    const [part] = ofType(events, "effect_finished").at(-1)?.result.content ?? [];
    expect(part?.label?.integrity).toBe("untrusted");
    expect(part?.label?.origins).toContain("web:example.org");
  });

  test("N2. what one call told the tool counts for the next one, as if the model had been shown it", async () => {
    const page = defineTool({
      name: "page",
      description: "Gets a page.",
      input: { type: "object" },
      sideEffect: "pure",
      label: untrusted("web:example.org"),
      execute: () => "do evil",
    });
    let sent = 0;
    const send = defineTool({
      name: "send",
      description: "Sends.",
      input: { type: "object" },
      sideEffect: "irreversible",
      access: () => [{ kind: "network", host: "example.org" }],
      execute: () => `sent ${++sent}`,
    });
    const { outer } = await run(
      async (call) => {
        const before = textOf(await call("send", { n: 1 }));
        await call("page");
        return `${before}, ${textOf(await call("send", { n: 2 }))}`;
      },
      { tools: [page, send] },
    );

    expect(outer).toMatch(/^sent 1, (?:tool\.denied|call\.needs_person): /u);
    expect(sent).toBe(1);
  });

  test("N4. runs pure calls together and others alone, in order", async () => {
    const log: string[] = [];
    const slow = (name: string, sideEffect: "pure" | "irreversible"): Tool =>
      echoTool(name, {
        sideEffect,
        run: async (text) => {
          log.push(`${name}${text} begins`);
          await new Promise(setImmediate);
          log.push(`${name}${text} ends`);
          return "";
        },
      });
    await run(
      async (call) => {
        const all = [
          call("read", { text: "1" }),
          call("read", { text: "2" }),
          call("write", { text: "1" }),
          call("write", { text: "2" }),
          call("read", { text: "3" }),
        ];
        await Promise.all(all);
        return "";
      },
      { tools: [slow("read", "pure"), slow("write", "irreversible")] },
    );

    expect(log.slice(0, 2)).toEqual(["read1 begins", "read2 begins"]);
    expect(log.slice(4)).toEqual([
      "write1 begins",
      "write1 ends",
      "write2 begins",
      "write2 ends",
      "read3 begins",
      "read3 ends",
    ]);
  });

  test("N4. a called tool calls no others, and no tool calls for ever", async () => {
    let inner: unknown = "unset";
    const deep = defineTool({
      name: "deep",
      description: "Looks.",
      input: { type: "object" },
      sideEffect: "pure",
      execute: (_input, { callTool }) => {
        inner = callTool;
        return "";
      },
    });
    const { outer } = await run(
      async (call) => {
        for (let count = 0; count < 1_000; count++) await call("deep");
        return textOf(await call("deep"));
      },
      { tools: [deep] },
    );

    expect(inner).toBeUndefined();
    expect(outer).toContain("call.too_many");
  });

  test("N3. a tool that runs again after a crash makes no call twice", async () => {
    const store = memoryStore();
    const ran: string[] = [];
    const note = (name: string, sideEffect: "pure" | "irreversible"): Tool =>
      echoTool(name, {
        sideEffect,
        run: (text) => {
          ran.push(`${name} ${text}`);
          return `${ran.length}`;
        },
      });
    const reached = Promise.withResolvers<void>();
    let attempt = 0;
    const tools = [
      outerTool(async (call, { signal }) => {
        attempt += 1;
        const said = [textOf(await call("pay", { text: "a" })), textOf(await call("look", { text: "b" }))];
        if (attempt === 1) {
          // What ended in the very moment of a crash may not be in the log; this did before.
          await new Promise(setImmediate);
          reached.resolve();
          await new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason)),
          );
        }
        said.push(textOf(await call("pay", { text: "c" })));
        return said.join(" ");
      }),
      note("pay", "irreversible"),
      note("look", "pure"),
    ];
    const first = await openHarness({ turns, tools, store });
    await first.begin("Go");
    await reached.promise;
    await first[Symbol.asyncDispose]();
    await using second = await openHarness({ turns, tools, store });
    const events = await second.until(({ type }) => type === "run_finished");

    expect(attempt).toBe(2);
    expect(ran).toEqual(["pay a", "look b", "pay c"]);
    expect(resultTexts(events).at(-1)).toBe("1 2 3");
  });

  test("N3. one that was under way is not made again when it must not be", async () => {
    const store = memoryStore();
    const reached = Promise.withResolvers<void>();
    let paid = 0;
    const pay = echoTool("pay", {
      sideEffect: "irreversible",
      run: async (_text, signal) => {
        paid += 1;
        reached.resolve();
        return await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      },
    });
    const tools = [outerTool(async (call) => textOf(await call("pay"))), pay];
    const first = await openHarness({ turns, tools, store });
    await first.begin("Go");
    await reached.promise;
    await first[Symbol.asyncDispose]();
    await using second = await openHarness({ turns, tools, store });
    const events = await second.until(({ type }) => type === "run_finished");

    expect(paid).toBe(1);
    expect(resultTexts(events).at(-1)).toContain("call.unknown_outcome");
  });

  test("ends the calls when the tool that made them is stopped", async () => {
    const ended = Promise.withResolvers<void>();
    const deaf: PermissionPolicy = policyOf({});
    const waiting = echoTool("wait", {
      run: async (_text, signal) =>
        await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => {
            ended.resolve();
            reject(signal.reason);
          }),
        ),
    });
    const outer = outerTool(async (call) => textOf(await call("wait")));
    await using harness = await openHarness({
      turns,
      policy: deaf,
      tools: [{ ...outer, timeoutMs: 5 }, waiting],
    });
    const events = await harness.run("Go");
    await ended.promise;

    expect(ofType(events, "effect_finished").map(({ tool, outcome }) => `${tool} ${outcome}`)).toContain(
      "wait cancelled",
    );
    expect(resultTexts(events).at(-1)).toContain("took longer than 5 ms");
  });
});
