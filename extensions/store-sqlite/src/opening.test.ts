import { createEmbeddedEngine, createRuntime } from "@tau/runtime";
import type { AgentConfig, Journal, JournalEvent } from "@tau/runtime";
import { expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { testFolder } from "./test-store.test.support.ts";

const turns = 10_000;
const kept = 40;
const id = { tenant: "acme", stream: "session/long" };
const usage = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const says = (role: string, text: string): object => ({ role, parts: [{ type: "text", text }] });

function recorded(type: string, body: object): JournalEvent {
  return { type, version: 1, at: 1_700_000_000_000, body: JSON.stringify({ type, ...body }) };
}

/** A turn of three events. */
function turnOf(number: number): readonly JournalEvent[] {
  const runId = `run-${number}`;
  const prompt = says("user", `question ${number}`);
  const message = says("assistant", `answer ${number}`);
  const common = { runId, usage, costMicroUsd: 1 };
  return [
    recorded("run_started", { runId, agent: "main", principal: "ada", prompt, limits: {} }),
    recorded("model_finished", { ...common, step: 1, message, stopReason: "stop" }),
    recorded("run_finished", { ...common, status: "completed", reason: "answered", steps: 1 }),
  ];
}

/** Writes a long session and a checkpoint a few turns before its end, as a runtime would have. */
async function writeSession(journal: Journal): Promise<void> {
  const created = { sessionId: "long", tenant: "acme", principal: "ada", bootstrap: [] };
  await journal.append(id, 0, [recorded("session_created", created)]);
  const appends = Array.from({ length: turns }, (_, turn) =>
    journal.append(id, 1 + turn * 3, turnOf(turn + 1)),
  );
  await Promise.all(appends);
  const seq = 1 + (turns - kept) * 3;
  const state = {
    ...created,
    version: seq,
    turns: turns - kept,
    createdAt: 0,
    updatedAt: 0,
    usage,
    costMicroUsd: turns - kept,
    inboxSeq: 0,
    windowFromSeq: seq + 1,
  };
  await journal.saveCheckpoint(id, { seq, version: 1, state });
}

const unused = (): never => {
  throw new Error("Nothing runs in this test.");
};
const agent: AgentConfig = {
  name: "main",
  model: { provider: "none", id: "none", stream: unused },
  tools: {
    register: unused,
    replace: unused,
    remove: unused,
    viewFor: unused,
    get: unused,
    list: () => [],
    definitions: () => [],
    prepare: unused,
    run: unused,
    execute: unused,
  },
};

test("a session of 10,000 turns opens from its checkpoint: only the tail is read", async () => {
  await using folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  await writeSession(store.journal);
  const read: number[] = [];
  const journal: Journal = {
    ...store.journal,
    async *read(...args) {
      for await (const batch of store.journal.read(...args)) {
        read.push(batch.length);
        yield batch;
      }
    },
  };
  await using engine = createEmbeddedEngine({ journal, leases: store.leases });
  await using runtime = createRuntime({ journal, content: store.content, engine, agents: [agent] });
  const session = await runtime.getSession("long", {
    tenant: "acme",
    principal: { id: "ada", kind: "person", scopes: [] },
    traceId: "0".repeat(32),
    signal: new AbortController().signal,
  });
  expect(session).toMatchObject({ turns, version: 1 + turns * 3, costMicroUsd: turns });
  expect(read.reduce((sum, events) => sum + events, 0)).toBe(kept * 3);
});
