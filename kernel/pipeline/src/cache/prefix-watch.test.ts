import type { ModelRequest } from "@tau/agent";
import { userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createCallRecord } from "../call-record.ts";
import { contextOf, playing } from "../pipeline.test.support.ts";
import { PrefixWatch } from "./prefix-watch.ts";

/** 3 USD a million, a tenth of it from the cache. */
const price = { inputPerMillion: 3_000_000, outputPerMillion: 0, cacheReadPerMillion: 300_000 };
const { model } = playing([], { price });
const { model: other } = playing([], { id: "other", price });
const tool = { name: "add", description: "Adds.", inputSchema: { type: "object" } };
const sub = { name: "sub", description: "Subtracts.", inputSchema: { type: "object" } };
const first = userText("word ".repeat(4_000));
const base: ModelRequest = { system: "Be brief.", messages: [first], tools: [tool, sub] };

function watch() {
  const prefixes = new PrefixWatch();
  const callOf = (request: ModelRequest, context: Partial<CallContext> = {}, asked = model) => ({
    request,
    context: contextOf({ sessionId: "s1", ...context }),
    model: asked,
    candidates: [asked],
    record: createCallRecord(),
  });
  return {
    ask: (...call: Parameters<typeof callOf>) => prefixes.ask(callOf(...call)),
    answered: (cacheReadTokens: number) => prefixes.answered(callOf(base), cacheReadTokens),
  };
}

describe("PrefixWatch", () => {
  test("says nothing while a conversation only grows", () => {
    const { ask } = watch();
    const grown = { ...base, messages: [first, userText("more")] };

    expect([ask(base), ask(grown), ask(structuredClone(grown))]).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ["system_changed", { ...base, system: "Be brief. It is 12:01." }, model],
    ["tools_changed", { ...base, tools: [sub, tool] }, model],
    ["tools_changed", { ...base, tools: [tool] }, model],
    ["history_changed", { ...base, messages: [userText("summary")] }, model],
    ["history_changed", { ...base, messages: [] }, model],
    ["model_changed", base, other],
  ] as const)(
    "tells %s, what could have been read from the cache, and what it costs",
    (cause, request, asked) => {
      const { ask } = watch();
      ask(base);

      const found = ask(request, {}, asked);

      expect(found?.cause).toBe(cause);
      expect(found?.tokens).toBeGreaterThan(5_000);
      expect(found?.tokens).toBeLessThan(5_100);
      expect(found?.costMicroUsd).toBe(Math.ceil((found?.tokens ?? 0) * 2.7));
    },
  );

  test("compares only with what was asked last", () => {
    const { ask } = watch();
    ask(base);
    const changed = { ...base, system: "Other." };

    expect(ask(changed)?.cause).toBe("system_changed");
    expect(ask(changed)).toBeUndefined();
  });

  test("keeps tenants, sessions and the runs below a session's apart", () => {
    const { ask } = watch();
    ask(base);
    const changed = { ...base, system: "Other." };

    expect(ask(changed, { tenant: "globex" })).toBeUndefined();
    expect(ask(changed, { sessionId: "s2" })).toBeUndefined();
    expect(ask(changed, { runPath: ["r1", "child"] })).toBeUndefined();
    expect(ask(changed, { runPath: ["r1"] })?.cause).toBe("system_changed");
  });

  test("tells when the provider forgot a prompt that went on as it was", () => {
    const { ask, answered } = watch();
    ask(base);
    expect(answered(0)).toBeUndefined();
    ask(base);
    expect(answered(4_000)).toBeUndefined();
    ask(base);

    expect(answered(0)).toEqual({ cause: "provider_forgot", tokens: 4_000, costMicroUsd: 10_800 });
  });
});
