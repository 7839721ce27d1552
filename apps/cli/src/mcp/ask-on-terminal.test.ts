import { PassThrough } from "node:stream";

import type { PersonAnswer, PersonRequest } from "@tau/mcp";
import { createCallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Terminal } from "../terminal.ts";
import { askOnTerminal } from "./ask-on-terminal.ts";

const call = createCallContext({ tenant: "local", principal: { id: "ada", kind: "person", scopes: [] } });

/** Answers a request with these lines, each once its prompt is shown; without any more, the input ends. */
async function answered(
  request: PersonRequest,
  lines: readonly string[],
): Promise<{ readonly answer: PersonAnswer; readonly shown: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const rest = [...lines];
  let shown = "";
  stdout.on("data", (chunk) => {
    shown += String(chunk);
    if (!shown.endsWith(": ")) return;
    const next = rest.shift();
    // A person is never quicker than the prompt.
    setImmediate(() => (next === undefined ? stdin.end() : stdin.write(`${next}\n`)));
  });
  const terminal: Terminal = {
    stdin,
    stdout,
    stderr,
    env: { NO_COLOR: "1" },
    cwd: "/",
    onInterrupt: () => () => undefined,
    onLeave: () => () => undefined,
    quit: () => undefined,
  };
  const answer = await askOnTerminal(terminal)(request, { call, signal: call.signal });
  return { answer, shown };
}

const form: PersonRequest = {
  kind: "form",
  server: "files",
  message: "Who\u200b are you?",
  schema: {
    type: "object",
    properties: {
      name: { type: "string", title: "Your name", description: "as written" },
      age: { type: "integer", default: 30 },
      sure: { type: "boolean" },
      color: { type: "string", enum: ["red", "blue"] },
      likes: { type: "array", items: { anyOf: [{ const: "tea" }, { const: "cake" }] } },
    },
    required: ["name"],
  },
};

describe("askOnTerminal()", () => {
  test("asks field by field, and takes no answer that does not fit", async () => {
    const lines = ["y", "", "Ada", "", "maybe", "yes", "green", "blue", "tea, cake"];

    const { answer, shown } = await answered(form, lines);

    expect(answer).toEqual({
      action: "accept",
      content: { name: "Ada", sure: true, color: "blue", likes: ["tea", "cake"] },
    });
    expect(shown).toContain('The MCP server "files" asks:\n      Who\\u{200b} are you?');
    expect(shown).toContain("Your name (as written): ");
    expect(shown).toContain("age (default 30): ");
    expect(shown).toContain("color (one of red, blue): ");
  });

  test("declines on anything but a clear yes, and cancels at the end of input", async () => {
    expect((await answered(form, ["n"])).answer).toEqual({ action: "decline" });
    expect((await answered(form, ["what?"])).answer).toEqual({ action: "decline" });
    expect((await answered(form, [])).answer).toEqual({ action: "cancel" });
    expect((await answered(form, ["y", "Ada"])).answer).toEqual({ action: "cancel" });
  });

  test("shows an address, and opens nothing by itself", async () => {
    const url = {
      kind: "url",
      server: "files",
      message: "Log in",
      url: "https://login.example/?a=b",
    } as const;

    expect(await answered(url, ["y"])).toEqual({
      answer: { action: "accept" },
      shown: expect.stringContaining("https://login.example/?a=b"),
    });
    expect((await answered(url, ["n"])).answer).toEqual({ action: "decline" });
  });
});
