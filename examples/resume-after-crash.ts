/**
 * A run whose process is killed in the middle of a tool goes on in the next process, and does nothing twice: what
 * must not simply run again waits for somebody who looks.
 *
 * Run it with: node --conditions=@tau/source examples/resume-after-crash.ts
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, userText } from "@tau/core";
import { createEmbeddedEngine, createRuntime } from "@tau/runtime";
import { createSqliteStore } from "@tau/store-sqlite";
import { createPermissionPolicy, createToolRegistry, defineTool } from "@tau/tools";

const context = createCallContext({ tenant: "home", principal: { id: "ada", kind: "person", scopes: [] } });
const sessionId = "errands";

/** The same program in both processes; only the first one is killed. */
async function work(folder: string, modelUrl: string, isFirst: boolean): Promise<void> {
  const notes = join(folder, "notes.txt");
  const note = defineTool<{ text: string }>({
    name: "note",
    description: "Writes a line down.",
    input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    sideEffect: "irreversible",
    execute: async ({ text }) => {
      await appendFile(notes, `${text}\n`);
      // The worst moment: it has happened, and nobody knows yet.
      if (isFirst && text === "two") process.kill(process.pid, "SIGKILL");
      return "Written.";
    },
  });
  await using store = await createSqliteStore({ directory: join(folder, "store") });
  await using engine = createEmbeddedEngine(store);
  const runtime = createRuntime({
    engine,
    journal: store.journal,
    content: store.content,
    agents: [
      {
        name: "clerk",
        model: createOpenAiChat({ baseUrl: `${modelUrl}/v1`, model: "scripted" }),
        tools: createToolRegistry({ tools: [note] }),
        policyFor: () => createPermissionPolicy({ profile: "workspace-write", rules: { allow: ["note"] } }),
      },
    ],
  });
  await runtime.start(); // takes up what an earlier process left unfinished
  await runtime.createSession({ externalId: sessionId }, context);
  // The same run id twice is the same run: the second process asks for it and gets the one under way.
  const run = { sessionId, runId: "monday", prompt: userText("Write two notes.") };
  const { runId } = await runtime.startRun(run, context);
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      const { seq, event } = one;
      console.log(`${isFirst ? "first " : "second"} ${seq} ${event.type}`);
      if (event.type !== "approval_requested") continue;
      const written = (await readFile(notes, "utf8")).includes("two");
      const answer = written ? "done" : "rerun";
      await runtime.respond({ sessionId, approvalId: event.approvalId, answer }, context);
    }
  }
}

const [, program = "", folder, modelUrl = ""] = process.argv;
if (folder !== undefined) {
  await work(folder, modelUrl, true);
} else {
  const place = await mkdtemp(join(tmpdir(), "tau-example-"));
  await using script = await startScriptedServer({
    turns: [
      { toolCalls: [{ name: "note", arguments: { text: "one" } }] },
      { toolCalls: [{ name: "note", arguments: { text: "two" } }] },
      { text: "Both are written." },
    ],
  });
  const first = spawn(process.execPath, [...process.execArgv, program, place, script.url], {
    stdio: "inherit",
  });
  const [, signal] = await once(first, "exit");
  console.log(`The first process ended with ${signal}.`);
  await work(place, script.url, false);
  console.log(await readFile(join(place, "notes.txt"), "utf8"));
  await rm(place, { recursive: true });
}
