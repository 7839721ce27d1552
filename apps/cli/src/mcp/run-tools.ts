import { textOf, toolCallsOf } from "@tau/core";
import type { CallContext, JsonObject, SessionEvent } from "@tau/core";
import type { Runtime } from "@tau/runtime";
import { defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";

const session = { type: "string", minLength: 1 } as const;
const maxWaitMs = 60_000;
const maxChars = 4_000;

/**
 * The tools of the built-in runtime server for clients that do not wait for a run, and for those who read what was said. The
 * id of a run is known to whoever began it, and is in no list; all else needs a rule.
 */
export function runTools(
  runtime: Runtime,
  newSession: (call: CallContext) => Promise<string>,
): readonly Tool[] {
  return [startTool(runtime, newSession), resultTool(runtime), cancelTool(runtime), readTool(runtime)];
}

function startTool(runtime: Runtime, newSession: (call: CallContext) => Promise<string>): Tool {
  return defineTool<{ readonly prompt: string; readonly session?: string }>({
    name: "agent_start",
    description:
      "Has an agent begin a task and answers at once with the session and the run; run_result tells what came of it.",
    input: {
      type: "object",
      properties: {
        prompt: { type: "string", minLength: 1 },
        session: { ...session, description: "To go on with; a new one when left out." },
      },
      required: ["prompt"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    async execute({ prompt, session: known }, { call, signal }) {
      const context = { ...call, signal };
      const sessionId = known ?? (await newSession(context));
      const message = { role: "user", parts: [{ type: "text", text: prompt }] } as const;
      const { runId } = await runtime.startRun({ sessionId, prompt: message }, context);
      return JSON.stringify({ session: sessionId, run: runId });
    },
  });
}

interface RunInput {
  readonly session: string;
  readonly run: string;
}

const runProperties = { session, run: session } as const;

function resultTool(runtime: Runtime): Tool {
  return defineTool<RunInput & { readonly waitMs?: number }>({
    name: "run_result",
    description:
      "Tells how a run stands: its status, what the agent said last, what it cost, and the questions that wait for a person. Waits for its end, if told to.",
    input: {
      type: "object",
      properties: {
        ...runProperties,
        waitMs: { type: "integer", minimum: 0, maximum: maxWaitMs, description: "Milliseconds. Default 0." },
      },
      required: ["session", "run"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: maxWaitMs + 30_000,
    async execute({ session: sessionId, run: runId, waitMs = 0 }, { call, signal }) {
      const context = { ...call, signal };
      const events = await eventsOf(runtime, { sessionId, runId, waitMs }, context);
      const { pending } = await runtime.getSession(sessionId, context);
      return JSON.stringify({
        session: sessionId,
        run: runId,
        ...stateOf(events, runId),
        pending: questionsOf(pending, runId),
      });
    },
  });
}

interface Wanted {
  readonly sessionId: string;
  readonly runId?: string;
  readonly waitMs: number;
}

/** The events of a session so far, and those that come until the run has ended or the time is over. */
async function eventsOf(
  runtime: Runtime,
  { sessionId, runId, waitMs }: Wanted,
  context: CallContext,
): Promise<readonly SessionEvent[]> {
  const { version } = await runtime.getSession(sessionId, context);
  const late = AbortSignal.timeout(waitMs);
  const signal = AbortSignal.any([context.signal, late]);
  const events: SessionEvent[] = [];
  const follow = async (request: {
    readonly until: number;
    readonly context: CallContext;
  }): Promise<void> => {
    const from = { sessionId, fromSeq: events.length + 1 };
    for await (const batch of runtime.attach(from, request.context)) {
      for (const one of batch) if (one.kind === "event") events.push(one.event);
      if (events.length >= request.until || hasEnded(events, runId)) return;
    }
  };
  await follow({ until: version, context });
  if (waitMs === 0 || hasEnded(events, runId)) return events;
  try {
    await follow({ until: Number.POSITIVE_INFINITY, context: { ...context, signal } });
  } catch (error) {
    if (!late.aborted || context.signal.aborted) throw error;
  }
  return events;
}

function hasEnded(events: readonly SessionEvent[], runId: string | undefined): boolean {
  return events.some((event) => event.type === "run_finished" && event.runId === runId);
}

/** A run that is not in the events yet waits for the one before it. */
function stateOf(events: readonly SessionEvent[], runId: string): JsonObject {
  let state: Record<string, string | number> = { status: "queued" };
  for (const event of events) {
    if (!("runId" in event) || event.runId !== runId) continue;
    if (event.type === "run_started" || event.type === "run_resumed") state = { ...state, status: "running" };
    if (event.type === "approval_answered") state = { ...state, status: "running" };
    if (event.type === "run_waiting") state = { ...state, status: "waiting" };
    if (event.type === "model_finished") state = { ...state, text: textOf(event.message) };
    if (event.type !== "run_finished") continue;
    const { status, reason, costMicroUsd } = event;
    state = { ...state, status, reason, costMicroUsd };
  }
  return state;
}

function questionsOf(
  pending: readonly { readonly approvalId: string; readonly runId: string; readonly summary: string }[],
  runId: string,
): readonly JsonObject[] {
  return pending
    .filter((question) => question.runId === runId)
    .map(({ approvalId, summary }) => ({ approvalId, summary }));
}

function cancelTool(runtime: Runtime): Tool {
  return defineTool<RunInput>({
    name: "run_cancel",
    description: "Cancels a run; does nothing for one that has ended.",
    input: {
      type: "object",
      properties: runProperties,
      required: ["session", "run"],
      additionalProperties: false,
    },
    sideEffect: "idempotent",
    access: () => [{ kind: "other" }],
    async execute({ session: sessionId, run: runId }, { call, signal }) {
      await runtime.cancelRun(
        { sessionId, runId, reason: "A client of the MCP server asked for it." },
        { ...call, signal },
      );
      return "Cancelled, unless it had ended.";
    },
  });
}

function readTool(runtime: Runtime): Tool {
  return defineTool<{ readonly session: string; readonly last?: number }>({
    name: "session_read",
    description: "Shows what was said in a session: prompts, answers, and the tools that were called.",
    input: {
      type: "object",
      properties: {
        session,
        last: { type: "integer", minimum: 1, maximum: 200, description: "The newest so many. Default 20." },
      },
      required: ["session"],
      additionalProperties: false,
    },
    // What agents worked on is for nobody to read whom no rule lets: not `pure`, which needs none.
    sideEffect: "idempotent",
    access: () => [{ kind: "other" }],
    async execute({ session: sessionId, last = 20 }, { call, signal }) {
      const events = await eventsOf(runtime, { sessionId, waitMs: 0 }, { ...call, signal });
      return JSON.stringify({ session: sessionId, said: events.flatMap(said).slice(-last) });
    },
  });
}

function said(event: SessionEvent): readonly JsonObject[] {
  if (event.type === "run_started") return [{ role: "user", text: textOf(event.prompt).slice(0, maxChars) }];
  if (event.type !== "model_finished") return [];
  const tools = toolCallsOf(event.message).map(({ name }) => name);
  return [
    {
      role: "assistant",
      text: textOf(event.message).slice(0, maxChars),
      ...(tools.length === 0 ? {} : { tools }),
    },
  ];
}
