import { describe, expect, test } from "vitest";

import { add, contextOf, create, hello, isAlive, readAll, startCommand } from "./commands.test.support.ts";
import type { CommandName } from "./commands.test.support.ts";

const names: readonly CommandName[] = ["claude", "gemini", "codex"];
const silent = { stdout: "", stderr: "" };

describe.each(names)("the %s command", (name) => {
  test("that dies is an error with its exit code, and the end of its error output for the log only", async () => {
    await using fixture = await startCommand(name, {
      kind: "recorded",
      scenario: "answer",
      env: { MY_TOKEN: "open-sesame" },
      play: { stdout: "", stderr: `${"x".repeat(9000)}\nSegfault, open-sesame`, exitCode: 139 },
    });
    const error: unknown = await readAll(fixture.model).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: "model.cli_died",
      class: "retryable",
      message: `Provider "${name}-cli" (model "m-1"): its command ended with exit code 139 before the answer was complete. The log has the end of its error output.`,
      details: { exitCode: 139 },
      cause: { message: expect.stringMatching(/^x{8000,8192}\nSegfault, \[redacted\]$/) },
    });
  });

  test("that ends happily without an answer has died, too", async () => {
    const play = { stdout: '{"type":"unheard of"}\nnot json\n[1]\n', exitCode: 0 };
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer", play });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code: "model.cli_died" });
  });

  test("that is cut in every line is never complete", async () => {
    await using whole = await startCommand(name, { kind: "recorded", scenario: "answer" });
    const events = await readAll(whole.model);
    const text = await recordedOutput(name);
    const lines = text.split("\n");
    for (let count = 0; count < lines.length - 1; count += Math.ceil(lines.length / 6)) {
      const stdout = `${lines.slice(0, count).join("\n")}\n${lines[count]?.slice(0, 40) ?? ""}`;
      const play = { stdout, exitCode: 0 };
      await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer", play });
      const read = await readAll(fixture.model).catch((error: unknown) => error);

      const complete = Array.isArray(read);
      if (complete) expect(read).toEqual(events);
      else expect(read).toMatchObject({ code: "model.cli_died" });
    }
  });

  test("that is not installed is an error that says how to install it", async () => {
    const model = create(name, "http://127.0.0.1:1", {
      home: { tenantsIn: "/nowhere" },
      program: "no-such-command",
    });

    await expect(readAll(model)).rejects.toMatchObject({
      code: "model.cli_missing",
      message: expect.stringMatching(`"${name}", which is not installed.*npm install --global`),
    });
  });
});

async function recordedOutput(name: CommandName): Promise<string> {
  const { default: fixture }: { readonly default: unknown } = await import(`../fixtures/${name}.json`, {
    with: { type: "json" },
  });
  const { runs }: { readonly runs: Readonly<Record<string, { readonly stdout: string }>> } = JSON.parse(
    JSON.stringify(fixture),
  );
  return runs["answer"]?.stdout ?? "";
}

describe("a command", () => {
  test("that does not listen is killed, with the children that it started", async () => {
    await using fixture = await startCommand("claude", {
      kind: "recorded",
      scenario: "stall",
      limits: { stopMs: 100 },
      play: { stubborn: true, child: true },
    });
    for await (const _ of fixture.model.stream(hello, contextOf())) break;
    await fixture.model[Symbol.asyncDispose]();

    const [call] = await fixture.calls();
    expect(call?.childPid).toBeGreaterThan(0);
    for (const pid of [call?.pid ?? 0, call?.childPid ?? 0]) expect(isAlive(pid)).toBe(false);
  });

  test("that goes on behind its answer is ended", async () => {
    await using fixture = await startCommand("claude", {
      kind: "recorded",
      scenario: "answer",
      limits: { stopMs: 100 },
      play: { hangs: true },
    });
    expect((await readAll(fixture.model)).at(-1)?.type).toBe("finished");
    await fixture.model[Symbol.asyncDispose]();

    const [call] = await fixture.calls();
    expect(isAlive(call?.pid ?? 0)).toBe(false);
  });

  test("that stopped early is ended at once, lest it asks for the rest", async () => {
    await using fixture = await startCommand("claude", {
      kind: "recorded",
      scenario: "length",
      limits: { stopMs: 600_000 },
      play: { hangs: true },
    });
    expect((await readAll(fixture.model)).at(-1)).toMatchObject({ stopReason: "length" });
    await fixture.model[Symbol.asyncDispose]();

    const [call] = await fixture.calls();
    expect(isAlive(call?.pid ?? 0)).toBe(false);
  });

  test.each(["claude", "codex"] as const)("%s that stopped at the limit of tokens says so", async (name) => {
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "length" });

    expect((await readAll(fixture.model)).at(-1)).toMatchObject({ stopReason: "length" });
  });

  test.each([
    ["says nothing at all", { startMs: 50 }, silent, "model.timeout"],
    ["says nothing more", { idleMs: 50 }, {}, "model.idle_timeout"],
    ["says too much", { maxOutputBytes: 100 }, {}, "model.too_large"],
    ["says too long a line", { maxLineBytes: 100 }, {}, "model.too_large"],
  ])("that %s is an error", async (_name, limits, play, code) => {
    await using fixture = await startCommand("gemini", { kind: "recorded", scenario: "stall", limits, play });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code });
    await fixture.model[Symbol.asyncDispose]();
    for (const { pid } of await fixture.calls()) expect(isAlive(pid)).toBe(false);
  });

  test("waits for the moment that the provider names", async () => {
    const resetsAt = Math.ceil(Date.now() / 1000) + 600;
    const lines = [
      { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt } },
      {
        type: "assistant",
        error: "rate_limit",
        message: { content: [{ type: "text", text: "You've hit your limit" }] },
      },
      { type: "result", is_error: true, api_error_status: 429, result: "You've hit your limit" },
    ];
    await using fixture = await startCommand("claude", {
      kind: "recorded",
      scenario: "answer",
      play: { stdout: lines.map((line) => `${JSON.stringify(line)}\n`).join(""), exitCode: 1 },
    });
    const error: unknown = await readAll(fixture.model).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: "model.rate_limited", class: "rate_limited" });
    const waitMs = error instanceof Error && "retryAfterMs" in error ? Number(error.retryAfterMs) : 0;
    expect(waitMs).toBeGreaterThan(300_000);
    expect(waitMs).toBeLessThanOrEqual(601_000);
  });

  test("that refused for safety says so", async () => {
    const result = { type: "result", is_error: true, stop_reason: "refusal", result: "flagged" };
    await using fixture = await startCommand("claude", {
      kind: "recorded",
      scenario: "answer",
      play: { stdout: `${JSON.stringify(result)}\n`, exitCode: 1 },
    });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code: "model.content_filtered" });
  });

  test.each([
    ["You've hit your usage limit. Try again at 5 pm.", "model.rate_limited"],
    ["Your access token could not be refreshed. Please log out and sign in again.", "model.auth"],
    ["Codex ran out of room in the model's context window.", "model.context_too_long"],
    ["Incomplete response returned, reason: content_filter", "model.content_filtered"],
    ["Quota exceeded. Check your plan and billing details.", "model.payment_required"],
  ])("codex says %j", async (message, code) => {
    const failed = { type: "turn.failed", error: { message } };
    await using fixture = await startCommand("codex", {
      kind: "recorded",
      scenario: "answer",
      play: { stdout: `${JSON.stringify(failed)}\n`, exitCode: 1 },
    });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code });
  });

  test("gemini without a login says so before anything else", async () => {
    await using fixture = await startCommand("gemini", {
      kind: "recorded",
      scenario: "answer",
      play: { stdout: "", stderr: "Invalid auth method selected.\n", exitCode: 41 },
    });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code: "model.auth" });
  });
});

describe("what a command cannot do is refused before it is started:", () => {
  const sound = { type: "audio", mediaType: "audio/wav", source: { kind: "base64", data: "" } } as const;
  const paper = { type: "file", mediaType: "application/pdf", source: { kind: "base64", data: "" } } as const;
  const picture = { type: "image", mediaType: "image/png", source: { kind: "base64", data: "" } } as const;
  const far = { ...picture, source: { kind: "url", url: "https://example.org/a.png" } } as const;
  const schema = { name: "answer", schema: { type: "object" } };

  test.each([
    ["gemini", "tools", { tools: [add] }],
    ["codex", "tools", { tools: [add] }],
    ["claude", "a tool that must be called", { tools: [add], toolChoice: { name: "add" } }],
    ["codex", "a provider's tools", { providerTools: [{ protocol: "anthropic", data: {} }] }],
    ["gemini", "stop sequences", { stopSequences: ["END"] }],
    ["claude", "sound", { messages: [{ role: "user", parts: [sound] }] }],
    ["claude", "files", { messages: [{ role: "user", parts: [paper] }] }],
    ["gemini", "pictures", { messages: [{ role: "user", parts: [picture] }] }],
    ["codex", "a picture's address", { messages: [{ role: "user", parts: [far] }] }],
    ["claude", "a schema", { outputSchema: schema }],
    ["gemini", "a schema", { outputSchema: schema }],
  ] as const)("%s, %s", async (name, _what, request) => {
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer" });

    await expect(readAll(fixture.model, { ...hello, ...request })).rejects.toMatchObject({
      code: "model.unsupported_content",
    });
    expect(await fixture.calls()).toEqual([]);
  });

  test("tools that may not be used are no reason", async () => {
    await using fixture = await startCommand("gemini", { kind: "recorded", scenario: "answer" });
    const request = { ...hello, tools: [add], toolChoice: "none" } as const;

    expect((await readAll(fixture.model, request)).at(-1)?.type).toBe("finished");
  });
});

describe("the claude command", () => {
  // As version 2.1.332 does now and then when the connection breaks; more often it ends with an error at once.
  test("that closes a broken answer with an end of its own has not answered", async () => {
    const stdout = [
      {
        type: "message_start",
        message: { id: "msg_1", type: "message", model: "m", content: [], stop_reason: null },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Transfer 100" } },
      { type: "content_block_stop", index: 0 },
      { type: "message_stop" },
    ].map((event) => `${JSON.stringify({ type: "stream_event", event })}\n`);
    const play = { stdout: stdout.join(""), exitCode: 0 };
    await using fixture = await startCommand("claude", { kind: "recorded", scenario: "answer", play });

    await expect(readAll(fixture.model)).rejects.toMatchObject({ code: "model.cli_died" });
  });
});
