/**
 * A process that is made to be killed: runs a scenario of two turns on a real store against a scripted model
 * on a real socket, takes up whatever a process before it left behind, and answers questions as a careful
 * person would: by looking at what really happened.
 *
 * `node crash-child.ts <store directory> <model url> <ledger file> <kill: none | before:N | after:N>`
 *
 * Prints `ack <seq> <sha256>` for every event that it saw as durable, and `done` at the end.
 */
import { createHash } from "node:crypto";
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

import { createOpenAiChat } from "@tau/agent";
import { userText } from "@tau/core";
import type { ApprovalRequested, CallContext } from "@tau/core";
import { createEmbeddedEngine, createRuntime } from "@tau/runtime";
import type { Journal, Runtime } from "@tau/runtime";
import { createSqliteStore } from "@tau/store-sqlite";
import { createToolRegistry, defineTool } from "@tau/tools";
import type { PermissionPolicy, Tool } from "@tau/tools";

const [directory = "", modelUrl = "", ledger = "", kill = "none"] = process.argv.slice(2);
const sessionId = "crash";
const context: CallContext = {
  tenant: "acme",
  principal: { id: "ada", kind: "person", scopes: [] },
  traceId: "0".repeat(32),
  signal: new AbortController().signal,
};

/** Kills this process at the N-th append of any stream, before it is made or after it is durable. */
function killedAt(journal: Journal, when: string): Journal {
  const [mode, at] = when.split(":");
  let appends = 0;
  const watched = async <T>(append: () => Promise<T>): Promise<T> => {
    appends += 1;
    const now = appends === Number(at);
    if (now && mode === "before") process.kill(process.pid, "SIGKILL");
    const answer = await append();
    if (now && mode === "after") process.kill(process.pid, "SIGKILL");
    return answer;
  };
  return {
    ...journal,
    append: (...args) => watched(() => journal.append(...args)),
    appendAll: (appended) => watched(() => journal.appendAll(appended)),
  };
}

/** Writes a line to the ledger, which stands for the world, and makes it durable. */
function happened(what: string): void {
  const file = openSync(ledger, "a");
  appendFileSync(file, `${what}\n`);
  fsyncSync(file);
  closeSync(file);
}

function worldTool(name: string, sideEffect: Tool["sideEffect"]): Tool {
  return defineTool({
    name,
    description: `Does ${name}.`,
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect,
    execute: (_, { idempotencyKey }) => {
      if (sideEffect !== "pure") happened(`${name} ${idempotencyKey}`);
      return `${name} done`;
    },
  });
}

const policy: PermissionPolicy = {
  decide: ({ tool }) =>
    tool.name === "refund"
      ? { decision: "ask", reason: "Refunds need a person." }
      : { decision: "allow", reason: "The scenario allows it." },
};

/** What a careful person answers: allow; and of an unknown effect, whether the world shows it. */
function answerTo(question: ApprovalRequested): "allow" | "done" | "rerun" {
  if (question.reason === "approval") return "allow";
  const world = existsSync(ledger) ? readFileSync(ledger, "utf8") : "";
  return world.includes(`${question.tool} acme/crash/${question.effectId}\n`) ? "done" : "rerun";
}

async function respond(runtime: Runtime, question: ApprovalRequested): Promise<void> {
  try {
    await runtime.respond(
      { sessionId, approvalId: question.approvalId, answer: answerTo(question) },
      context,
    );
  } catch {
    // An earlier process answered already; its answer counts.
  }
}

/** Runs a turn, or takes it up, and shows every durable event. */
async function turn(runtime: Runtime, runId: string, prompt: string): Promise<void> {
  await runtime.startRun({ sessionId, runId, prompt: userText(prompt) }, context);
  const questions = new Map<string, ApprovalRequested>();
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      const hash = createHash("sha256").update(JSON.stringify(one.event)).digest("hex");
      writeSync(1, `ack ${one.seq} ${hash}\n`);
      const { event } = one;
      if (event.type === "approval_requested") questions.set(event.approvalId, event);
      if (event.type === "approval_answered") questions.delete(event.approvalId);
      if (event.type !== "run_waiting") continue;
      for (const question of questions.values()) await respond(runtime, question);
    }
  }
}

const store = await createSqliteStore({ directory });
const journal = killedAt(store.journal, kill);
const engine = createEmbeddedEngine({ journal, leases: store.leases });
const runtime = createRuntime({
  journal,
  content: store.content,
  engine,
  agents: [
    {
      name: "main",
      model: createOpenAiChat({ baseUrl: `${modelUrl}/v1`, apiKey: "none", model: "scripted" }),
      tools: createToolRegistry({
        tools: [
          worldTool("look", "pure"),
          worldTool("put", "idempotent"),
          worldTool("charge", "irreversible"),
          worldTool("refund", "irreversible"),
        ],
      }),
      policyFor: () => policy,
    },
  ],
});
await runtime.start();
await runtime.createSession({ externalId: sessionId }, context);
await turn(runtime, "turn-1", "First turn");
await turn(runtime, "turn-2", "Second turn");
writeSync(1, "done\n");
await engine[Symbol.asyncDispose]();
await runtime[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
