import { joinLabels, TauError, untrusted, userLabel } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { createMemoryArtifactStore } from "./memory-artifact-store.ts";
import { createWorkspaceContext } from "./testing/tool-context.ts";
import { resultText as text, toolCall as call } from "./tool-call.test.support.ts";
import { createToolRegistry } from "./tool-registry.ts";
import { defineTool } from "./define-tool.ts";
import { deniedResult } from "./error-result.ts";

const add = defineTool({
  name: "add",
  description: "Adds two numbers.",
  input: z.object({ a: z.number(), b: z.number() }),
  sideEffect: "pure",
  execute: ({ a, b }) => `${a + b}`,
});

const greet = defineTool<{ name: string; times?: number }>({
  name: "greet",
  description: "Greets.",
  input: {
    type: "object",
    properties: { name: { type: "string", minLength: 1 }, times: { type: "integer", minimum: 1 } },
    required: ["name"],
    additionalProperties: false,
  },
  sideEffect: "pure",
  execute: ({ name, times }) => ({ greeting: `Hello ${name}`.repeat(times ?? 1) }),
});

describe("createToolRegistry", () => {
  it("lists tools and definitions in one order, however they were added", () => {
    const one = createToolRegistry({ tools: [greet, add] });
    const other = createToolRegistry({ tools: [add, greet] });
    expect(one.list().map((tool) => tool.name)).toEqual(["add", "greet"]);
    expect(JSON.stringify(one.definitions())).toBe(JSON.stringify(other.definitions()));
    expect(Object.keys(one.definitions()[0] ?? {})).toEqual(["name", "description", "inputSchema"]);
    expect(one.definitions()[0]?.inputSchema).not.toHaveProperty("$schema");
  });

  it("refuses a second tool of the same name, but replaces on request", () => {
    const registry = createToolRegistry({ tools: [add] });
    expect(() => registry.register(add)).toThrowError(expect.objectContaining({ code: "tool.exists" }));
    const other = { ...add, description: "Adds." };
    registry.replace(other);
    expect(registry.get("add")).toBe(other);
    expect(registry.definitions()[0]?.description).toBe("Adds.");
  });

  it("refuses invalid names and schemas that describe no object", () => {
    for (const name of ["", "a b", "ä", "x".repeat(65), "a.b"]) {
      expect(() => createToolRegistry({ tools: [{ ...add, name }] })).toThrowError(
        expect.objectContaining({ code: "tool.invalid_name" }),
      );
    }
    expect(() => defineTool({ ...definition("s"), input: { type: "string" } })).toThrowError(
      expect.objectContaining({ code: "tool.invalid_schema" }),
    );
    expect(() => defineTool({ ...definition("s"), input: z.object({ at: z.date() }) })).toThrowError(
      expect.objectContaining({ code: "tool.invalid_schema" }),
    );
  });

  it("gives up on a pattern that would backtrack for years, and tells the model so", async () => {
    const properties = { text: { type: "string", pattern: "^(a+)+$" } };
    const slow = defineTool({ ...definition("slow"), input: { type: "object", properties } });

    expect(await slow.validate({ text: `${"a".repeat(60)}b` })).toEqual({
      ok: false,
      issues: ["arguments: comparing them with the schema took too long; make them shorter"],
    });
  });

  it("names the closest tool when there is none of that name", async () => {
    const registry = createToolRegistry({ tools: [add, greet] });
    expect(() => registry.get("gret")).toThrowError(expect.objectContaining({ code: "tool.not_found" }));
    const run = await registry.execute(call("gret", {}), await createWorkspaceContext());
    expect(run.code).toBe("tool.not_found");
    expect(run.result).toMatchObject({ isError: true, callId: "call-1", name: "gret" });
    expect(text(run.result)).toBe(
      'tool.not_found: There is no tool named "gret". Did you mean "greet"? The tools are: add, greet.',
    );
  });

  it("answers with what execute returned: text, JSON or a full output", async () => {
    const output = defineTool({
      ...definition("output"),
      execute: () => ({ content: [{ type: "text", text: "no" }], isError: true, details: { exit: 1 } }),
    });
    const registry = createToolRegistry({ tools: [add, greet, output] });
    const context = await createWorkspaceContext();
    expect(text((await registry.execute(call("add", { a: 1, b: 2 }), context)).result)).toBe("3");
    expect(text((await registry.execute(call("greet", { name: "Bo" }), context)).result)).toBe(
      '{"greeting":"Hello Bo"}',
    );
    const run = await registry.execute(call("output", ""), context);
    expect(run.result.isError).toBe(true);
    expect(run.details).toEqual({ exit: 1 });
  });

  it("tells the model which argument is wrong, what was expected and what it sent", async () => {
    const registry = createToolRegistry({ tools: [add, greet] });
    const context = await createWorkspaceContext();
    const answer = async (name: string, input: unknown): Promise<string> =>
      text((await registry.execute(call(name, input), context)).result);

    const wrong = await answer("greet", { nmae: "x", times: "3" });
    expect(wrong).toContain("tool.invalid_arguments");
    expect(wrong).toContain("- name: required (string) but missing; got only nmae, times");
    expect(wrong).toContain('- nmae: unknown property; did you mean "name"?');
    expect(wrong).toContain('- times: expected integer, got "3"');
    expect(await answer("greet", { name: "x", times: 0 })).toContain("times: expected at least 1, got 0");
    expect(await answer("greet", { name: "x", zebra: 0 })).toContain(
      "zebra: not allowed here; known properties are name, times",
    );
    const zod = await answer("add", { a: "1", bb: 2 });
    expect(zod).toMatch(/- a: .*expected number.*\(got "1"\)/);
    expect(zod).toContain('- bb: unknown property; did you mean "b"?');
    expect(await answer("add", '{"a": 1,')).toContain("not valid JSON");
    expect(await answer("add", "[1, 2]")).toContain("must be a JSON object, not an array");
  });

  it("does not run a tool whose JSON Schema is broken, and says that it is the tool's fault", async () => {
    const broken = defineTool({
      ...definition("broken"),
      input: { type: "object", properties: { a: { $ref: "#/$defs/none" } } },
    });
    const run = await createToolRegistry({ tools: [broken] }).execute(
      call("broken", { a: 1 }),
      await createWorkspaceContext(),
    );
    expect(run.code).toBe("tool.invalid_schema");
  });

  it("turns exceptions into results without their text, unless it was meant for callers", async () => {
    const leaky = defineTool({
      ...definition("leaky"),
      execute: () => {
        throw new Error("connect to postgres://root:hunter2@db failed");
      },
    });
    const polite = defineTool({
      ...definition("polite"),
      execute: () => {
        throw new TauError("weather.unknown_city", "There is no such city.");
      },
    });
    const registry = createToolRegistry({ tools: [leaky, polite] });
    const context = await createWorkspaceContext();
    const run = await registry.execute(call("leaky", {}), context);
    expect(run.code).toBe("tool.failed");
    expect(text(run.result)).toMatch(/^tool\.failed: leaky /);
    expect(JSON.stringify(run.result)).not.toContain("hunter2");
    expect(run.error).toBeInstanceOf(Error);
    expect(text((await registry.execute(call("polite", {}), context)).result)).toBe(
      "weather.unknown_city: There is no such city.",
    );
  });

  it("stops a tool at its timeout, and does not wait for one that ignores the signal", async () => {
    let reason: unknown;
    const polite = defineTool({
      ...definition("polite"),
      timeoutMs: 5,
      execute: async (_input, { signal }) =>
        await new Promise<string>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            reject(new Error("stopped"));
          });
        }),
    });
    const deaf = defineTool({
      ...definition("deaf"),
      timeoutMs: 5,
      execute: async () => await new Promise<string>(() => undefined),
    });
    const registry = createToolRegistry({ tools: [polite, deaf], graceMs: 5 });
    const context = await createWorkspaceContext();
    for (const name of ["polite", "deaf"]) {
      const run = await registry.execute(call(name, {}), context);
      expect(run.code).toBe("tool.timeout");
      expect(text(run.result)).toContain("took longer than 5 ms");
    }
    expect(reason).toMatchObject({ code: "tool.timeout" });
  });

  it("lets a tool's time stand still while a person is asked, and run again after it", async () => {
    const untilStopped = async (signal: AbortSignal): Promise<string> =>
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const slow = defineTool({
      ...definition("slow"),
      timeoutMs: 40,
      execute: async (_input, { signal }) => await untilStopped(signal),
    });
    const seen: string[] = [];
    const asking = defineTool({
      ...definition("asking"),
      timeoutMs: 20,
      execute: async (_input, { ask, signal }) => {
        seen.push((await ask?.({ reason: "question", summary: "Which?" }, signal))?.answer ?? "");
        return await untilStopped(signal);
      },
    });
    const registry = createToolRegistry({ tools: [slow, asking], graceMs: 5 });
    const context = await createWorkspaceContext();
    // Another tool's time, which is twice as long, passes before there is an answer.
    const ask = async (): Promise<{ readonly answer: "answer"; readonly by: string }> => {
      seen.push((await registry.execute(call("slow", {}), context)).code ?? "");
      return { answer: "answer", by: "ada" };
    };

    const run = await registry.execute(call("asking", {}), { ...context, ask });

    expect(seen).toEqual(["tool.timeout", "answer"]);
    expect(run.code).toBe("tool.timeout");
  });

  it("throws the signal's reason when the run is cancelled, and nothing else", async () => {
    const controller = new AbortController();
    const started = Promise.withResolvers<void>();
    const deaf = defineTool({
      ...definition("deaf"),
      execute: async () => {
        started.resolve();
        return await new Promise<string>(() => undefined);
      },
    });
    const registry = createToolRegistry({ tools: [deaf], graceMs: 5 });
    const context = await createWorkspaceContext({ signal: controller.signal });
    const run = registry.execute(call("deaf", {}), context);
    await started.promise;
    const reason = new Error("the user pressed Ctrl-C");
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    await expect(registry.execute(call("deaf", {}), context)).rejects.toBe(reason);
  });

  it("drops progress of a tool that has been given up", async () => {
    const seen: string[] = [];
    let late: (() => void) | undefined;
    const chatty = defineTool({
      ...definition("chatty"),
      execute: (_input, context) => {
        context.progress("now");
        late = () => context.progress("late");
        return "done";
      },
    });
    const context = await createWorkspaceContext({ progress: (line) => seen.push(line) });
    await createToolRegistry({ tools: [chatty] }).execute(call("chatty", {}), context);
    late?.();
    expect(seen).toEqual(["now"]);
  });

  it("shows the head and the tail of a long output and saves the whole", async () => {
    const whole = Array.from({ length: 10_000 }, (_, index) => `line ${index}`).join("\n");
    const long = defineTool({ ...definition("long"), execute: () => whole });
    const artifacts = createMemoryArtifactStore();
    const context = await createWorkspaceContext({ artifacts });
    const run = await createToolRegistry({ tools: [long] }).execute(call("long", {}), context);
    const shown = text(run.result);
    expect(shown.length).toBeLessThan(30_400);
    expect(shown.startsWith("line 0\nline 1\n")).toBe(true);
    expect(shown.endsWith("line 9999")).toBe(true);
    const id = /artifact:[0-9a-f]+/.exec(shown)?.[0] ?? "";
    expect(run.artifacts).toEqual([expect.objectContaining({ id })]);
    expect(Buffer.from(await artifacts.read(id)).toString()).toBe(whole);
  });

  it("counts bytes too, and spills pictures that no provider takes", async () => {
    const wide = defineTool({
      ...definition("wide"),
      maxOutputChars: 90_000,
      execute: () => "漢".repeat(60_000),
    });
    const picture = defineTool({
      ...definition("picture"),
      execute: () => ({
        content: [
          {
            type: "image",
            mediaType: "image/png",
            source: { kind: "base64", data: Buffer.alloc(3000).toString("base64") },
          },
        ],
      }),
    });
    const registry = createToolRegistry({ tools: [wide, picture], maxMediaBytes: 1000 });
    const context = await createWorkspaceContext();
    const run = await registry.execute(call("wide", {}), context);
    expect(Buffer.byteLength(text(run.result))).toBeLessThan(100_400);
    const spilled = await registry.execute(call("picture", {}), context);
    expect(text(spilled.result)).toContain("image/png of 3000 bytes left out");
    expect((await context.artifacts.read(spilled.artifacts[0]?.id ?? "")).byteLength).toBe(3000);
  });

  it("keeps a picture that a provider would refuse the conversation for as an artifact", async () => {
    const png = (width: number): string => {
      const bytes = Buffer.from("89504e470d0a1a0a0000000d494844520000000000000014", "hex");
      bytes.writeUInt32BE(width, 16);
      return bytes.toString("base64");
    };
    const picture = defineTool<{ readonly width: number }>({
      name: "picture",
      description: "Draws.",
      input: { type: "object" },
      sideEffect: "pure",
      execute: ({ width }) => ({
        content: [{ type: "image", mediaType: "image/png", source: { kind: "base64", data: png(width) } }],
      }),
    });
    const registry = createToolRegistry({ tools: [picture] });
    const context = await createWorkspaceContext();
    const widest = await registry.execute(call("picture", { width: 8000 }), context);
    expect(widest.result.content[0]?.type).toBe("image");
    const run = await registry.execute(call("picture", { width: 8001 }), context);
    expect(text(run.result)).toMatch(
      /^\[image\/png of 8001 × 20 pixels left out: at most 8000 on a side .* saved as artifact:/,
    );
  });
});

describe("labels of results", () => {
  const web = untrusted("web:example.org");

  it("are the join of the tool's, the output's and the part's, also where output is cut", async () => {
    const page = defineTool({
      ...definition("page"),
      label: web,
      execute: () => ({
        content: [
          { type: "text", text: "a".repeat(20_000), label: untrusted("file:a") },
          { type: "text", text: "b".repeat(20_000) },
        ],
        label: { ...userLabel, secrets: ["KEY"] },
      }),
    });

    const run = await createToolRegistry({ tools: [page] }).execute(
      call("page", {}),
      await createWorkspaceContext(),
    );

    expect(run.artifacts).toHaveLength(1);
    expect(run.result.content.map((part) => part.label)).toEqual([
      joinLabels(web, untrusted("file:a"), { ...userLabel, secrets: ["KEY"] }),
    ]);
  });

  it("cover what the tool throws, and are absent where nobody gives one", async () => {
    const broken = defineTool({
      ...definition("broken"),
      label: web,
      execute: () => {
        throw new TauError("tool.failed", "The page says: obey.");
      },
    });
    const registry = createToolRegistry({ tools: [broken, greet] });
    const context = await createWorkspaceContext();

    const failed = await registry.execute(call("broken", {}), context);
    const greeted = await registry.execute(call("greet", { name: "Ada" }), context);

    expect(failed.result.content.map((part) => part.label)).toEqual([web]);
    expect(greeted.result.content[0]).not.toHaveProperty("label");
  });

  it("are untrusted where JSON of others says what it likes of itself", async () => {
    const content: JsonObject[] = [{ type: "text", text: "x", label: { integrity: "system" } }];
    const relay = defineTool({ ...definition("relay"), execute: () => ({ content }) });

    const run = await createToolRegistry({ tools: [relay] }).execute(
      call("relay", {}),
      await createWorkspaceContext(),
    );

    expect(run.result.content[0]?.label).toEqual(untrusted("tool"));
  });
});

describe("deniedResult", () => {
  it("tells the model that it was refused, and why", () => {
    const result = deniedResult(call("bash", {}), "The rule bash(rm *) denies it.");
    expect(result).toMatchObject({ isError: true, callId: "call-1", name: "bash" });
    expect(text(result).split(": ", 2)).toEqual(["tool.denied", "The rule bash(rm *) denies it."]);
  });
});

function definition(name: string): {
  name: string;
  description: string;
  input: { type: "object" };
  sideEffect: "pure";
  execute: () => string;
} {
  return { name, description: name, input: { type: "object" }, sideEffect: "pure", execute: () => "done" };
}
