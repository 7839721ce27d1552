import { writeFile } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { defineTool } from "../define-tool.ts";
import type { ToolOptions } from "../define-tool.ts";
import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { ToolRegistryOptions } from "../tool-registry.ts";
import type { ToolContext } from "../tool.ts";

type Rest = Partial<Omit<ToolOptions<{ text?: string }>, "input">>;

/** A registry of one tool that answers how often it ran; and how to call it. */
function counting(rest: Rest = {}, options: ToolRegistryOptions = {}) {
  let ran = 0;
  const tool = defineTool<{ text?: string }>({
    name: "count",
    description: "Counts.",
    input: { type: "object", properties: { text: { type: "string" } } },
    sideEffect: "pure",
    execute: () => `${++ran}`,
    ...rest,
  });
  const registry = createToolRegistry({ tools: [tool], ...options });
  const call = async (context: ToolContext, args: object = {}): Promise<string> => {
    const { result, replayed } = await registry.execute(toolCall("count", args), context);
    return replayed === undefined ? resultText(result) : `${resultText(result)} by ${replayed}`;
  };
  return { registry, call, ran: () => ran };
}

function as(
  context: ToolContext,
  caller: Partial<ToolContext["call"]>,
  id = "tester",
  scopes: string[] = [],
) {
  return {
    ...context,
    call: { ...context.call, ...caller, principal: { id, kind: "person", scopes } as const },
  };
}

describe("cache", () => {
  test("answers again for its time, and says so; other arguments are another call", async () => {
    const clock = { now: 0 };
    const { call } = counting({ cache: { ttlMs: 1_000 } }, { now: () => clock.now });
    const context = await createWorkspaceContext();

    expect(await call(context, { text: "a" })).toBe("1");
    expect(await call(context, { text: "a" })).toBe("1 by cache");
    expect(await call(context, { text: "b" })).toBe("2");
    clock.now = 1_000;
    expect(await call(context, { text: "a" })).toBe("3");
  });

  test("keeps nothing for another tenant, another principal or other scopes", async () => {
    const { call } = counting({ cache: { ttlMs: 1_000 } });
    const context = await createWorkspaceContext();
    await call(context);

    expect(await call(as(context, { tenant: "globex" }))).toBe("2");
    expect(await call(as(context, {}, "bob"))).toBe("3");
    expect(await call(as(context, {}, "tester", ["admin"]))).toBe("4");
    expect(await call(context)).toBe("1 by cache");
  });

  test("is shared between principals with the same scopes where the tool says so, never between tenants", async () => {
    const { call } = counting({ cache: { ttlMs: 1_000, shared: true } });
    const context = await createWorkspaceContext();
    await call(as(context, {}, "ada", ["b", "a"]));

    expect(await call(as(context, {}, "bob", ["a", "b"]))).toBe("1 by cache");
    expect(await call(as(context, {}, "bob", ["a"]))).toBe("2");
    expect(await call(as(context, { tenant: "globex" }, "bob", ["a", "b"]))).toBe("3");
  });

  test("knows what the files hold that the call reads; folders and commands are not kept", async () => {
    const context = await createWorkspaceContext();
    const { workspace } = context.environment.info.profile;
    const { call } = counting({
      cache: { ttlMs: 1_000 },
      access: ({ text = "" }) => [{ kind: "read", path: `${workspace}/${text}` }],
    });
    await writeFile(`${workspace}/a.txt`, "one");
    expect(await call(context, { text: "a.txt" })).toBe("1");
    expect(await call(context, { text: "a.txt" })).toBe("1 by cache");
    await writeFile(`${workspace}/a.txt`, "two");
    expect(await call(context, { text: "a.txt" })).toBe("2");
    await writeFile(`${workspace}/a.txt`, "one");
    expect(await call(context, { text: "a.txt" })).toBe("1 by cache");

    expect([await call(context, { text: "" }), await call(context, { text: "" })]).toEqual(["3", "4"]);
    const command = counting({
      cache: { ttlMs: 1_000 },
      access: () => [{ kind: "command", source: "date", cwd: workspace }],
    });
    expect([await command.call(context), await command.call(context)]).toEqual(["1", "2"]);
  });

  test("does not keep an answer when the file changed while the tool ran", async () => {
    const context = await createWorkspaceContext();
    const path = `${context.environment.info.profile.workspace}/a.txt`;
    await writeFile(path, "one");
    const { call } = counting({
      cache: { ttlMs: 1_000 },
      access: () => [{ kind: "read", path }],
      execute: async () => {
        await writeFile(path, "two");
        return "of which one?";
      },
    });
    await call(context);
    await writeFile(path, "one");

    expect(await call(context)).toBe("of which one?");
  });

  test("keeps no errors, and no more bytes than it may", async () => {
    let ran = 0;
    const failing = counting({
      cache: { ttlMs: 1_000 },
      execute: () => ({ content: [{ type: "text", text: `${++ran}` }], isError: true }),
    });
    const context = await createWorkspaceContext();
    expect([await failing.call(context), await failing.call(context)]).toEqual(["1", "2"]);

    const { call } = counting({ cache: { ttlMs: 1_000 } }, { maxKeptBytes: 3_000 });
    for (let index = 0; index < 50; index++) await call(context, { text: `${index}` });
    expect(await call(context, { text: "49" })).toBe("50 by cache");
    expect(await call(context, { text: "0" })).toBe("51");
  });

  test("is refused for a tool that changes anything", () => {
    expect(() => counting({ sideEffect: "irreversible", cache: { ttlMs: 1 } })).toThrowError(TypeError);
  });
});

describe("single flight", () => {
  test("a hundred equal calls at once run a pure tool once, and each gets its own result", async () => {
    const gate = Promise.withResolvers<void>();
    let ran = 0;
    const { registry } = counting({
      execute: async () => {
        ran += 1;
        await gate.promise;
        return "done";
      },
    });
    const context = await createWorkspaceContext();
    const calls = Array.from({ length: 100 }, (_, index) =>
      registry.execute({ ...toolCall("count", {}), id: `call-${index}` }, context),
    );
    await new Promise(setImmediate);
    gate.resolve();
    const runs = await Promise.all(calls);

    expect(ran).toBe(1);
    expect(runs.map(({ result }) => result.callId)).toEqual(runs.map((_, index) => `call-${index}`));
    expect(runs.filter(({ replayed }) => replayed === "flight").length).toBe(99);
  });

  test("joins neither other arguments nor other callers nor other sessions", async () => {
    const gate = Promise.withResolvers<void>();
    let ran = 0;
    const { call } = counting({
      execute: async () => {
        ran += 1;
        await gate.promise;
        return "done";
      },
    });
    const context = await createWorkspaceContext();
    const other = await createWorkspaceContext();
    const calls = [
      call(context),
      call(context, { text: "a" }),
      call(other),
      call(as(context, { tenant: "globex" })),
      call(as(context, {}, "bob")),
      call(as(context, { sessionId: "s2" })),
    ];
    await new Promise(setImmediate);
    gate.resolve();
    await Promise.all(calls);

    expect(ran).toBe(6);
  });

  test("a caller that gives up disturbs no other; the last one to give up ends the tool", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const gate = Promise.withResolvers<string>();
    const { registry } = counting({
      execute: async (_input, { signal, progress }) => {
        started.resolve(signal);
        const text = await gate.promise;
        progress(text);
        return text;
      },
    });
    const context = await createWorkspaceContext();
    const shown: string[] = [];
    const [first, second] = [new AbortController(), new AbortController()];
    const ride = (signal: AbortSignal) =>
      registry.execute(toolCall("count", {}), { ...context, signal, progress: (text) => shown.push(text) });
    const led = ride(first.signal);
    const signal = await started.promise;
    const followed = ride(second.signal);
    await new Promise(setImmediate);
    first.abort(new Error("first"));

    await expect(led).rejects.toThrow("first");
    expect(signal.aborted).toBe(false);
    gate.resolve("answer");
    expect(resultText((await followed).result)).toBe("answer");
    expect(shown).toEqual(["answer"]);
  });

  test("ends the tool when everybody gave up", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const { registry } = counting(
      {
        execute: async (_input, { signal }) => {
          started.resolve(signal);
          return await new Promise<string>(() => undefined);
        },
      },
      { graceMs: 5 },
    );
    const context = await createWorkspaceContext();
    const gone = [new AbortController(), new AbortController()];
    const rides = gone.map(({ signal }) => registry.execute(toolCall("count", {}), { ...context, signal }));
    const signal = await started.promise;
    await new Promise(setImmediate);
    for (const [index, controller] of gone.entries()) controller.abort(new Error(`gone ${index}`));

    await expect(rides[0]).rejects.toThrow("gone 0");
    await expect(rides[1]).rejects.toThrow("gone 1");
    expect(signal.aborted).toBe(true);
  });
});

describe("effects that are run again", () => {
  test("an idempotent one answers again under its key, also while it is under way", async () => {
    const { call, ran } = counting({ sideEffect: "idempotent" });
    const context = await createWorkspaceContext();
    const together = await Promise.all([call(context), call(context)]);

    expect(together).toEqual(["1", "1 by flight"]);
    expect(await call(context)).toBe("1 by key");
    expect(await call(context, { text: "other" })).toBe("2");
    expect(await call({ ...context, idempotencyKey: "other" })).toBe("3");
    expect(ran()).toBe(3);
  });

  test.each(["compensable", "irreversible"] as const)(
    "an %s one is never answered for",
    async (sideEffect) => {
      const { call } = counting({ sideEffect });
      const context = await createWorkspaceContext();

      expect([await call(context), await call(context)]).toEqual(["1", "2"]);
    },
  );
});
