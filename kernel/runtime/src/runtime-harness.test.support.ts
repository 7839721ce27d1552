import { tmpdir } from "node:os";

import type { Model, ModelRequest } from "@tau/agent";
import { isTauError, noUsage, userText, uuidv7 } from "@tau/core";
import type {
  AssistantMessage,
  CallContext,
  ModelEvent,
  Observer,
  ProviderPart,
  RunEvent,
  SessionEvent,
  StopReason,
  Usage,
} from "@tau/core";
import { createHostEnvironment, createToolRegistry, defineTool } from "@tau/tools";
import type { PermissionPolicy, Tool, ToolRegistry } from "@tau/tools";

import type { AgentConfig } from "./agent-config.ts";
import type { Clock } from "./clock.ts";
import { createRuntime } from "./create-runtime.ts";
import { createEmbeddedEngine } from "./engine/embedded-engine.ts";
import type { Engine } from "./engine.ts";
import type { Journal } from "./journal.ts";
import type { Leases } from "./lease.ts";
import { createMemoryContentStore } from "./memory/memory-content-store.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import { createMemoryLeases } from "./memory/memory-leases.ts";
import type { Runtime } from "./runtime.ts";

/** What the model of a test answers, or does. */
export type Turn = Answer | ((request: ModelRequest, signal: AbortSignal) => Promise<Answer> | Answer);

/** One answer of a model. */
export interface Answer {
  readonly text?: string;
  readonly items?: readonly ProviderPart[];
  readonly calls?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly args?: object | string;
  }[];
  readonly stopReason?: StopReason;
  readonly usage?: Usage;
}

/** A {@link Model} that gives the turns in order, by the number of assistant messages it was sent. */
export function turnModel(
  turns: readonly Turn[],
  extra: Partial<Model> = {},
): Model & { readonly requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  return {
    provider: "test",
    id: "turns",
    requests,
    ...extra,
    async *stream(request, context) {
      requests.push(request);
      const answered = request.messages.filter((message) => message.role === "assistant").length;
      const turn = turns[answered];
      if (turn === undefined) throw new TypeError(`The test has no turn ${answered + 1}.`);
      const answer = typeof turn === "function" ? await turn(request, context.signal) : turn;
      context.signal.throwIfAborted();
      yield eventsOf(answer, answered);
    },
  };
}

function eventsOf(answer: Answer, step: number): readonly ModelEvent[] {
  const { text, items = [], calls = [] } = answer;
  const message: AssistantMessage = {
    role: "assistant",
    parts: [
      ...(text === undefined ? [] : [{ type: "text", text } as const]),
      ...items,
      ...calls.map(({ id, name, args = {} }, index) => ({
        type: "tool_call" as const,
        id: id ?? `call_${step}_${index}`,
        name,
        arguments: typeof args === "string" ? args : JSON.stringify(args),
      })),
    ],
  };
  const stopReason = answer.stopReason ?? (calls.length > 0 ? "tool_calls" : "stop");
  const usage = answer.usage ?? { ...noUsage, inputTokens: 10, outputTokens: 5 };
  return [
    ...(text === undefined ? [] : [{ type: "text_delta", text } as const]),
    { type: "finished", message, usage, stopReason, model: "turns" },
  ];
}

/** A policy that answers by tool name; anything else is allowed. */
export function policyOf(decisions: Readonly<Record<string, "deny" | "ask">>): PermissionPolicy {
  return {
    decide: ({ tool }) => {
      const decision = decisions[tool.name] ?? "allow";
      return { decision, reason: `The test says ${decision}.` };
    },
  };
}

/** A tool that answers with a text, and tells when it ran. */
export function echoTool(
  name: string,
  options: Partial<Pick<Tool, "sideEffect" | "timeoutMs">> & {
    readonly run?: (text: string, signal: AbortSignal) => Promise<string> | string;
  } = {},
): Tool {
  return defineTool({
    name,
    description: "Answers with its text.",
    input: { type: "object", properties: { text: { type: "string" } }, additionalProperties: false },
    sideEffect: options.sideEffect ?? "pure",
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    execute: async ({ text }, { signal }) => {
      const said = typeof text === "string" ? text : "";
      return options.run === undefined ? `${name}: ${said}` : await options.run(said, signal);
    },
  });
}

/** What survives a restart. */
export interface Store {
  readonly journal: Journal;
  readonly leases: Leases;
  readonly content: ReturnType<typeof createMemoryContentStore>;
}

export function memoryStore(): Store {
  return {
    journal: createMemoryJournal(),
    leases: createMemoryLeases(),
    content: createMemoryContentStore(),
  };
}

/** Options of {@link openHarness}. */
export interface HarnessOptions extends Partial<Omit<AgentConfig, "tools" | "model">> {
  readonly turns?: readonly Turn[];
  readonly model?: Model;
  readonly tools?: readonly Tool[];
  /** In place of `tools`. */
  readonly registry?: ToolRegistry;
  readonly policy?: PermissionPolicy;
  readonly store?: Store;
  /** The runtime's; the engine has its own. */
  readonly clock?: Clock;
  readonly observer?: Observer;
}

/** A runtime on a store, with helpers. Disposing is a graceful shutdown; `store` goes on. */
export interface Harness extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly engine: Engine;
  readonly store: Store;
  readonly context: CallContext;
  /** Runs a prompt in a session (made when missing) and answers the events of the run, up to its end. */
  run(prompt: string, options?: RunOptions): Promise<readonly SessionEvent[]>;
  /** Starts a run; answers its id. */
  begin(prompt: string, options?: RunOptions): Promise<string>;
  /** Events of the session from `fromSeq` until `stop` says so. */
  until(stop: (event: SessionEvent) => boolean, fromSeq?: number): Promise<readonly SessionEvent[]>;
}

interface RunOptions {
  readonly limits?: Parameters<Runtime["startRun"]>[0]["limits"];
  readonly deadline?: number;
  readonly runId?: string;
}

export const sessionId = "s1";

export function contextOf(tenant = "acme", signal: AbortSignal = new AbortController().signal): CallContext {
  return { tenant, principal: { id: "ada", kind: "person", scopes: [] }, traceId: "0".repeat(32), signal };
}

export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const {
    turns = [],
    tools = [],
    registry = createToolRegistry({ tools }),
    policy = policyOf({}),
    store = memoryStore(),
    model,
    clock,
    observer,
    ...agent
  } = options;
  // The same for every harness: what a person allowed holds for one workspace only.
  const workspace = tmpdir();
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace, network: false },
  });
  const engine = createEmbeddedEngine({ journal: store.journal, leases: store.leases });
  const runtime = createRuntime({
    journal: store.journal,
    content: store.content,
    engine,
    ...(clock === undefined ? {} : { clock }),
    ...(observer === undefined ? {} : { observer }),
    agents: [
      {
        name: "main",
        model: model ?? turnModel(turns),
        tools: registry,
        openEnvironment: () => Promise.resolve(environment),
        policyFor: () => policy,
        ...agent,
      },
    ],
  });
  await runtime.start();
  const context = contextOf();

  const begin = async (prompt: string, run: RunOptions = {}): Promise<string> => {
    await runtime.createSession({ externalId: sessionId }, context);
    const { limits, deadline, runId = uuidv7() } = run;
    const caller = deadline === undefined ? context : { ...context, deadline };
    await runtime.startRun(
      { sessionId, prompt: userText(prompt), runId, ...(limits === undefined ? {} : { limits }) },
      caller,
    );
    return runId;
  };

  return {
    runtime,
    engine,
    store,
    context,
    begin,
    async run(prompt, run) {
      await runtime.createSession({ externalId: sessionId }, context);
      const { version } = await runtime.getSession(sessionId, context);
      const runId = await begin(prompt, run);
      return await collect(runtime.attach({ sessionId, fromSeq: version + 1, untilRunEnds: runId }, context));
    },
    async until(stop, fromSeq = 1) {
      const events: SessionEvent[] = [];
      for await (const batch of runtime.attach({ sessionId, fromSeq }, context)) {
        for (const one of batch) {
          if (one.kind !== "event") continue;
          events.push(one.event);
          if (stop(one.event)) return events;
        }
      }
      return events;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

/** The events of a stream, without the fragments. */
export async function collect(stream: AsyncIterable<readonly RunEvent[]>): Promise<readonly SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const batch of stream) for (const one of batch) if (one.kind === "event") events.push(one.event);
  return events;
}

/** The events of one type. */
export function ofType<T extends SessionEvent["type"]>(
  events: readonly SessionEvent[],
  type: T,
): readonly Extract<SessionEvent, { type: T }>[] {
  return events.filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type);
}

/** The text of each tool result, in the order the effects finished. */
export function resultTexts(events: readonly SessionEvent[]): readonly string[] {
  return ofType(events, "effect_finished").map(({ result }) =>
    result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join(""),
  );
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return isTauError(error) ? error.code : String(error);
  }
}
