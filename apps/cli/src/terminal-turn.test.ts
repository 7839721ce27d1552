import { PassThrough } from "node:stream";

import { createCallContext } from "@tau/core";
import type { ApprovalRequested } from "@tau/core";
import { expect, test } from "vitest";

import { createJsonView } from "./event-view.ts";
import { askOnTerminal } from "./mcp/ask-on-terminal.ts";
import { createQuestions } from "./questions.ts";
import { inTurn } from "./terminal-turn.ts";
import type { Terminal } from "./terminal.ts";

const context = createCallContext({
  tenant: "local",
  principal: { id: "ada", kind: "person", scopes: [] },
});

const approval: ApprovalRequested = {
  type: "approval_requested",
  runId: "r1",
  approvalId: "a1",
  effectId: "e1",
  reason: "approval",
  tool: "bash",
  arguments: JSON.stringify({ command: "rm -rf ." }),
  binding: "b1",
  summary: "rm -rf .",
  expiresAt: 1,
};

function createTerminal(): {
  readonly terminal: Terminal;
  readonly shown: () => string;
  readonly type: (line: string) => void;
} {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let shown = "";
  stdout.on("data", (chunk) => {
    shown += String(chunk);
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
  return { terminal, shown: () => shown, type: (line) => void stdin.write(`${line}\n`) };
}

test("a line that answers a server's question allows nothing that is asked at the same moment", async () => {
  const { terminal, shown, type } = createTerminal();
  const responses: unknown[] = [];
  const questions = createQuestions({
    runtime: {
      respond: async (said) => {
        await Promise.resolve(responses.push(said));
      },
    },
    sessionId: "s1",
    context,
    terminal,
    view: createJsonView(terminal),
  });
  const ask = askOnTerminal(terminal);
  const request = { kind: "url", server: "evil", message: "Ready?", url: "https://x.example/" } as const;

  const first = ask(request, { call: context, signal: context.signal });
  await expect.poll(shown).toContain("Done? [y]es or [n]o: ");
  questions.add(approval);
  questions.ask();
  const second = ask(request, { call: context, signal: context.signal });
  await new Promise((resolve) => setImmediate(resolve));
  expect(shown()).not.toContain("wants to run");
  type("y");

  expect(await first).toEqual({ action: "accept" });
  await expect.poll(shown).toContain("Allow it once? ");
  expect(responses).toEqual([]);
  // The server asks again while the person decides: nothing of it is shown before the decision.
  expect(shown().split("Ready?")).toHaveLength(2);
  type("n");
  await expect.poll(() => responses).toMatchObject([{ approvalId: "a1", answer: "deny" }]);
  await expect.poll(() => shown().split("Done? [y]es")).toHaveLength(3);
  type("n");
  expect(await second).toEqual({ action: "decline" });
  await questions.close();
});

test("inTurn() gives up a question that waits, and lets the next one have its turn", async () => {
  const { terminal } = createTerminal();
  const { promise: held, resolve: release } = Promise.withResolvers<string>();
  const first = inTurn(terminal, context.signal, async () => await held);
  const leaving = new AbortController();
  const second = inTurn(terminal, leaving.signal, async () => await Promise.resolve("second"));
  const third = inTurn(terminal, context.signal, async () => await Promise.resolve("third"));

  leaving.abort(new Error("Enough."));

  await expect(second).rejects.toBe(leaving.signal.reason);
  release("first");
  expect(await Promise.all([first, third])).toEqual(["first", "third"]);
});
