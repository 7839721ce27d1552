import { createCallContext, isTauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { contextOf, hello, isAlive, kinds, readAll, startCommand } from "./commands.test.support.ts";
import type { CommandName, ScenarioName } from "./commands.test.support.ts";

const names: readonly CommandName[] = ["claude", "gemini", "codex"];
const commands = names.flatMap((name) => kinds.map((kind) => ({ name, kind })));

/** A real command takes seconds to start, more on a busy machine. */
const patience = { timeout: 120_000 };

/** What each command tells of the same answer. */
const answered: Readonly<Record<CommandName, object>> = {
  claude: { model: "claude-real", usage: { inputTokens: 14, cacheReadTokens: 3, outputTokens: 4 } },
  gemini: {
    model: "gemini-real",
    usage: { inputTokens: 14, cacheReadTokens: 3, outputTokens: 4, reasoningTokens: 1 },
  },
  codex: {
    model: "m-1",
    usage: { inputTokens: 14, cacheReadTokens: 3, outputTokens: 4, reasoningTokens: 1 },
  },
};

/** The same failures from every provider, as far as its command tells them apart. */
const failures: readonly { readonly scenario: ScenarioName; readonly code: string }[] = [
  { scenario: "no login", code: "model.auth" },
  { scenario: "forbidden", code: "model.auth" },
  { scenario: "no credit", code: "model.payment_required" },
  { scenario: "no such model", code: "model.not_found" },
  { scenario: "too long", code: "model.context_too_long" },
  { scenario: "rate limited", code: "model.rate_limited" },
  { scenario: "server error", code: "model.server_error" },
  { scenario: "overloaded", code: "model.overloaded" },
  { scenario: "cut", code: "model.network" },
];

const real: ReadonlySet<ScenarioName> = new Set(["no login", "rate limited"]);

describe.each(commands)("the $kind $name command", patience, ({ name, kind }) => {
  test("answers", async () => {
    await using fixture = await startCommand(name, { kind, scenario: "answer" });

    const events = await readAll(fixture.model);

    const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
    expect(said).toBe("Hello, world.");
    expect(events.at(-1)).toMatchObject({
      type: "finished",
      stopReason: "stop",
      message: { role: "assistant", parts: [{ type: "text", text: "Hello, world." }] },
      ...answered[name],
    });
    expect(events.filter(({ type }) => type === "finished")).toHaveLength(1);
  });

  // Of real commands, one failure that ends the call and one that passes do: the runs of all were recorded.
  const told = kind === "real" ? failures.filter(({ scenario }) => real.has(scenario)) : failures;
  test.each(told)("tells of $scenario: $code", async ({ scenario, code }) => {
    await using fixture = await startCommand(name, { kind, scenario });
    const events: ModelEvent[] = [];
    const error: unknown = await (async () => {
      for await (const batch of fixture.model.stream(hello, contextOf())) events.push(...batch);
    })().catch((thrown: unknown) => thrown);

    // codex calls every failure of the provider a high demand.
    const expected = name === "codex" && scenario === "server error" ? "model.overloaded" : code;
    expect(error).toMatchObject({ code: expected });
    expect(events.filter(({ type }) => type === "finished")).toEqual([]);
    expect(isTauError(error) && error.message).toContain(`Provider "${name}-cli" (model "m-1")`);
  });

  test("says how to log in when there is no login", async () => {
    await using fixture = await startCommand(name, { kind, scenario: "no login" });

    await expect(readAll(fixture.model)).rejects.toMatchObject({
      class: "auth",
      message: expect.stringMatching(`is not logged in.* Log in with \`${name}`),
    });
  });

  test("throws the signal's reason when it is aborted, and leaves no process behind", async () => {
    await using fixture = await startCommand(name, { kind, scenario: "stall" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const thrown = readAll(fixture.model, hello, contextOf(controller.signal)).catch(
      (error: unknown) => error,
    );
    await begun(fixture, kind);
    controller.abort(reason);

    expect(await thrown).toBe(reason);
    await fixture.model[Symbol.asyncDispose]();
    expect(fixture.vendor.openRequests()).toBe(0);
    for (const { pid } of await fixture.calls()) expect(isAlive(pid)).toBe(false);
  });

  test("does not start when it was aborted before", async () => {
    await using fixture = await startCommand(name, { kind, scenario: "answer" });
    const reason = new Error("never mind");

    await expect(readAll(fixture.model, hello, contextOf(AbortSignal.abort(reason)))).rejects.toBe(reason);
    expect(await fixture.calls()).toEqual([]);
    expect(fixture.vendor.requests).toEqual([]);
  });
});

/** Waits until the command is where it falls silent. */
async function begun(
  fixture: Awaited<ReturnType<typeof startCommand>>,
  kind: "recorded" | "real",
): Promise<void> {
  const count = async (): Promise<number> =>
    kind === "real" ? fixture.vendor.openRequests() : (await fixture.calls()).length;
  await expect.poll(count, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
}

test("a tenant's name that is no name is refused", async () => {
  await using fixture = await startCommand("claude", { kind: "recorded", scenario: "answer" });
  const context = { ...createCallContext({ ...contextOf() }), tenant: "../globex" };

  await expect(readAll(fixture.model, hello, context)).rejects.toMatchObject({
    code: "context.invalid_tenant",
  });
});
