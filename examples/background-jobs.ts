/**
 * A server in the background and a program in a terminal: started, watched, typed to, and gone with the environment.
 *
 * Run it with: node --conditions=@tau/source examples/background-jobs.ts
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCallContext } from "@tau/core";
import {
  builtInTools,
  createFileLedger,
  createHostEnvironment,
  createMemoryArtifactStore,
  createToolRegistry,
} from "@tau/tools";

const workspace = await mkdtemp(join(tmpdir(), "tau-jobs-"));
const tools = createToolRegistry({ tools: builtInTools() });
const principal = { id: "me", kind: "person", scopes: [] } as const;
const call = createCallContext({ tenant: "home", principal });

// The jail of @tau/sandbox makes the same promises: nothing that is started outlives its environment.
const environment = createHostEnvironment({
  profile: { access: "workspace-write", workspace, network: false },
});

/** Calls a tool as a model would. */
async function use(name: string, input: object): Promise<string> {
  const { result } = await tools.execute(
    { type: "tool_call", id: "1", name, arguments: JSON.stringify(input) },
    {
      call,
      signal: call.signal,
      environment,
      artifacts: createMemoryArtifactStore(),
      files: createFileLedger(),
      idempotencyKey: "effect-1",
      progress: () => undefined,
    },
  );
  return result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

const watcher = `echo listening; while read -r line; do echo "heard $line"; done`;
const server = /job-\w+/.exec(await use("bash", { command: watcher, background: true }))?.[0];
await use("job_wait", { id: server, until: "listening" });
await use("job_write", { id: server, input: "good morning\n", waitMs: 0 });
const said = await use("job_wait", { id: server, until: "heard" });
console.log(said.split("\n").slice(1).join(" / "));

const shell = await use("terminal", { command: "tty > /dev/null && stty size", columns: 90, rows: 20 });
const terminal = /job-\w+/.exec(shell)?.[0];
console.log(`terminal of ${(await use("job_wait", { id: terminal })).split("\n").at(-1)}`);

await environment[Symbol.asyncDispose]();
console.log((await use("job_output", { id: server })).split(": ").at(1)?.split("\n")[0]);
await rm(workspace, { recursive: true });
