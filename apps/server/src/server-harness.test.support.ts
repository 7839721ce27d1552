import { spawn } from "node:child_process";

import type { CallContext, ModelEvent, RunEvent } from "@tau/core";
import { createCallContext, noUsage, textOf, uuidv7 } from "@tau/core";
import {
  createEmbeddedEngine,
  createMemoryContentStore,
  createMemoryJournal,
  createMemoryLeases,
  createRuntime,
} from "@tau/runtime";
import type { AgentConfig, Journal, Runtime } from "@tau/runtime";
import { createToolRegistry, defineTool } from "@tau/tools";

import { startServer } from "./start-server.ts";
import type { RunningServer, ServerOptions } from "./start-server.ts";

type Model = AgentConfig["model"];

/** A child process that a tool of the test agent started. */
export interface ToolProcess {
  readonly pid: number;
  /** Settles when the process is gone, with the signal that ended it. */
  readonly ended: Promise<string | null>;
}

/** A server on a real runtime in memory. */
export interface Harness extends AsyncDisposable {
  readonly server: RunningServer;
  readonly runtime: Runtime;
  readonly journal: Journal;
  /** What the runtime sees of a principal. */
  contextOf(principal: string): CallContext;
  /** The next process that the tool `sleep` starts. */
  nextToolProcess(): Promise<ToolProcess>;
}

/** Options of {@link openHarness}. */
export interface HarnessOptions extends Partial<Omit<ServerOptions, "runtime">> {
  readonly journal?: Journal;
  /** Wraps the runtime, for tests that watch or delay it. */
  readonly wrap?: (runtime: Runtime) => Runtime;
  /** What the agent has in place of its own tools and policy. */
  readonly agent?: Partial<AgentConfig>;
}

/**
 * Starts a server whose model does what the prompt says: `sleep` calls a tool that runs a process for ten
 * minutes, `ask` calls one that needs a person, `stream N` answers in N fragments, lines of `call NAME {…}` call one tool
 * after the other, anything else is repeated.
 */
export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { journal = createMemoryJournal(), agent = {}, ...rest } = options;
  const { wrap = (runtime: Runtime): Runtime => runtime } = options;
  const processes = createMailbox<ToolProcess>();
  const engine = createEmbeddedEngine({ journal, leases: createMemoryLeases() });
  const inner = createRuntime({
    journal,
    content: createMemoryContentStore(),
    engine,
    agents: [{ ...testAgent((started) => processes.put(started)), ...agent }],
  });
  const runtime = wrap({
    ...inner,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  });
  const server = await startServer({ port: 0, ...rest, runtime });
  return {
    server,
    runtime,
    journal,
    contextOf: (id) =>
      createCallContext({ tenant: "local", principal: { id, kind: "person", scopes: ["*"] } }),
    nextToolProcess: () => processes.take(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function testAgent(onProcess: (started: ToolProcess) => void): AgentConfig {
  const sleep = defineTool({
    name: "sleep",
    description: "Sleeps for ten minutes.",
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect: "pure",
    execute: async (_input, { signal }) => {
      const child = spawn("sleep", ["600"], { signal, killSignal: "SIGKILL" });
      const ended = new Promise<string | null>((resolve) => {
        child.on("error", () => undefined);
        child.on("exit", (_code, killedBy) => resolve(killedBy));
      });
      onProcess({ pid: child.pid ?? 0, ended });
      await ended;
      signal.throwIfAborted();
      return "slept";
    },
  });
  const ask = defineTool({
    name: "ask",
    description: "Needs a person.",
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect: "irreversible",
    execute: () => "done",
  });
  return {
    name: "main",
    model: obedientModel,
    tools: createToolRegistry({ tools: [sleep, ask] }),
    policyFor: () => ({
      decide: ({ tool }) => ({
        decision: tool.name === "ask" ? "ask" : "allow",
        reason: "The test says so.",
      }),
    }),
  };
}

const obedientModel: Model = {
  provider: "test",
  id: "obedient",
  async *stream({ messages }) {
    const asked = messages.findLastIndex(({ role }) => role === "user");
    const prompt = messages[asked] === undefined ? "" : textOf(messages[asked]);
    const calls = callsIn(prompt);
    const done = messages.slice(asked).filter(({ role }) => role === "tool").length;
    const next = calls[done];
    if (next !== undefined) yield* callTool(next.name, next.args);
    else yield* say(calls.length === 0 ? prompt : "");
  },
};

function callsIn(prompt: string): readonly { readonly name: string; readonly args: string }[] {
  if (prompt === "sleep" || prompt === "ask") return [{ name: prompt, args: "{}" }];
  return [...prompt.matchAll(/^call (\w+) (.*)$/gmu)].map(([, name = "", args = ""]) => ({ name, args }));
}

function* callTool(name: string, args: string): Generator<readonly ModelEvent[]> {
  const id = uuidv7();
  yield [{ type: "tool_call_started", index: 0, id, name }];
  yield [
    {
      type: "finished",
      message: { role: "assistant", parts: [{ type: "tool_call", id, name, arguments: args }] },
      usage: { ...noUsage, inputTokens: 10, outputTokens: 5 },
      stopReason: "tool_calls",
      model: "obedient",
    },
  ];
}

function* say(prompt: string): Generator<readonly ModelEvent[]> {
  const count = Number(/^stream (\d+)$/.exec(prompt)?.[1] ?? 0);
  const fragments =
    count === 0 ? [`You said: ${prompt}`] : Array.from({ length: count }, (_, i) => `word${i} `);
  for (let i = 0; i < fragments.length; i += 10) {
    yield fragments.slice(i, i + 10).map((text) => ({ type: "text_delta", text }) as const);
  }
  yield [
    {
      type: "finished",
      message: { role: "assistant", parts: [{ type: "text", text: fragments.join("") }] },
      usage: { ...noUsage, inputTokens: 10, outputTokens: fragments.length },
      stopReason: "stop",
      model: "obedient",
    },
  ];
}

interface Mailbox<T> {
  put(value: T): void;
  take(): Promise<T>;
}

function createMailbox<T>(): Mailbox<T> {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    take() {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve(value);
      return new Promise((resolve) => takers.push(resolve));
    },
  };
}

/** The types of the events of a stream, fragments left out. */
export async function factTypes(stream: AsyncIterable<RunEvent>): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const one of stream) if (one.kind === "event") types.push(one.event.type);
  return types;
}

/** The types of the session's events in the journal, once the run has ended. */
export async function waitForEnd(journal: Journal, sessionId: string, tenant = "local"): Promise<string> {
  const id = { tenant, stream: `session/${sessionId}` };
  for await (const batch of journal.follow(id, 1, AbortSignal.timeout(20_000))) {
    for (const event of batch) if (event.type === "run_finished") return event.body;
  }
  return "";
}
