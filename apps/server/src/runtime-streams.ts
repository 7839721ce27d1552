import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { TauError } from "@tau/core";
import type { CallContext, RunEvent, RunLimits } from "@tau/core";
import type {
  AttachRequest,
  AttachResponse,
  RunLimits as ProtoRunLimits,
  RunRequest,
  RunResponse,
} from "@tau/proto";
import { AttachResponseSchema } from "@tau/proto";
import type { Runtime, StartedRun } from "@tau/runtime";

import { callContextOf } from "./call-context.ts";
import { checkRequest } from "./check-request.ts";
import { errorToConnect } from "./error-to-connect.ts";
import { streamEvents } from "./event-stream.ts";
import { createEventWriter } from "./event-to-proto.ts";
import { optional } from "./optional.ts";
import { promptFromProto } from "./prompt-from-proto.ts";
import { requestRules } from "./request-rules.ts";
import type { ServedWork } from "./served-work.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { StreamGauge } from "./stream-gauge.ts";
import { startBoundRun } from "./work-from-proto.ts";

/** What the streaming calls need. */
export interface StreamHost {
  readonly runtime: Runtime;
  /** What is offered beside it; absent: nothing. */
  readonly work?: ServedWork;
  readonly limits: ServerLimits;
  readonly gauge: StreamGauge;
  /** Aborts, with a `TauError`, when the server goes away. */
  readonly shutdown: AbortSignal;
  /** Hears of every failure before it is translated. */
  readonly onFailure: (error: unknown, call: CallContext, method: string) => void;
}

/** Serves Attach: everything from the cursor on, in messages of all that came within a tick. */
export async function* attachStream(
  host: StreamHost,
  request: AttachRequest,
  context: HandlerContext,
): AsyncGenerator<AttachResponse, void, undefined> {
  const call = callContextOf(context);
  const cursor = { seq: Math.max(1, Number(request.fromSeq)) };
  try {
    checkRequest(requestRules.attach, request);
    const writer = createEventWriter();
    for await (const events of followSession(host, call, { ...request, fromSeq: cursor.seq })) {
      yield create(AttachResponseSchema, { events: events.map((event) => writer.toProto(event)) });
      advance(cursor, events);
    }
  } catch (error) {
    throw failure(host, { error, call, context, cursor });
  }
}

/** Serves Run: starts a run, streams it, and cancels it when the caller gives up. */
export async function* runStream(
  host: StreamHost,
  request: RunRequest,
  context: HandlerContext,
): AsyncGenerator<RunResponse, void, undefined> {
  const call = callContextOf(context);
  const cursor = { seq: 0 };
  try {
    checkRequest(requestRules.run, request);
    const started = await start(host, request, call);
    cursor.seq = started.fromSeq;
    await using guard = cancelWhenLeft(host, request, { call, runId: started.runId });
    const writer = createEventWriter();
    const { sessionId, untilWaiting } = request;
    const wanted = { sessionId, fromSeq: started.fromSeq, untilRunId: started.runId, untilWaiting };
    for await (const events of followSession(host, call, wanted)) {
      if (endsRun(events, started.runId)) guard.release();
      for (const event of events) {
        const response = writer.toProto(event);
        // A busy session first ends the run before ours, which is not this caller's.
        if (response.runId === started.runId || response.runId === "") yield response;
      }
      advance(cursor, events);
    }
    guard.release();
  } catch (error) {
    throw failure(host, { error, call, context, cursor });
  }
}

async function start(host: StreamHost, request: RunRequest, call: CallContext): Promise<StartedRun> {
  const { sessionId, runId, agent, detach } = request;
  // The deadline of a caller who leaves the run behind is not the run's.
  const { deadline, ...unhurried } = call;
  const run = {
    sessionId,
    prompt: promptFromProto(request),
    ...optional("runId", runId),
    ...optional("agent", agent),
    ...optional("limits", limitsFromProto(request.limits)),
  };
  const context = detach || deadline === undefined ? unhurried : { ...unhurried, deadline };
  return await startBoundRun(host, { request, run }, context);
}

function limitsFromProto(limits: ProtoRunLimits | undefined): RunLimits | undefined {
  if (limits === undefined) return undefined;
  return {
    ...optional("maxSteps", limits.maxSteps),
    ...optional("maxTokens", toNumber(limits.maxTokens)),
    ...optional("maxCostMicroUsd", toNumber(limits.maxCostMicroUsd)),
    ...optional("maxDurationMs", toNumber(limits.maxDurationMs)),
  };
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** What a client listens to. */
export interface Wanted {
  readonly sessionId: string;
  readonly fromSeq: number;
  readonly untilRunId?: string | undefined;
  readonly untilWaiting: boolean;
}

/** Listens to a session from a cursor on, for one client that may be slow. Throws `server.too_many_streams`. */
export async function* followSession(
  host: StreamHost,
  call: CallContext,
  wanted: Wanted,
): AsyncGenerator<readonly RunEvent[], void, undefined> {
  using stream = host.gauge.open(call.tenant);
  const { maxBufferedBytes, slowAfterMs } = host.limits;
  yield* streamEvents({
    attach: (fromSeq, signal) =>
      host.runtime.attach(
        {
          sessionId: wanted.sessionId,
          fromSeq,
          ...optional("untilRunEnds", wanted.untilRunId),
          untilRunWaits: wanted.untilWaiting,
        },
        { ...call, signal },
      ),
    fromSeq: wanted.fromSeq,
    signal: AbortSignal.any([call.signal, host.shutdown]),
    maxBufferedBytes,
    slowAfterMs,
    onBuffered: (bytes) => stream.onBuffered(bytes),
  });
}

function endsRun(events: readonly RunEvent[], runId: string): boolean {
  return events.some(
    (one) => one.kind === "event" && one.event.type === "run_finished" && one.event.runId === runId,
  );
}

interface RunGuard extends AsyncDisposable {
  /** The run ended, or may go on alone. */
  release(): void;
}

/** Cancels the run when its stream is over before the run is. */
function cancelWhenLeft(
  { runtime, shutdown, onFailure }: StreamHost,
  { sessionId, detach }: RunRequest,
  { call, runId }: { readonly call: CallContext; readonly runId: string },
): RunGuard {
  let released = detach;
  return {
    release() {
      released = true;
    },
    async [Symbol.asyncDispose]() {
      if (released || shutdown.aborted) return;
      // The runtime knows the deadline, and ends the run with that reason by itself.
      if (call.deadline !== undefined && Date.now() >= call.deadline) return;
      const context = { ...call, signal: new AbortController().signal };
      try {
        await runtime.cancelRun({ sessionId, runId, reason: "The caller went away." }, context);
      } catch (error) {
        onFailure(error, call, "Run");
      }
    },
  };
}

/** Moves the cursor behind the events that a client has had. */
export function advance(cursor: { seq: number }, events: readonly RunEvent[]): void {
  const last = events.findLast((event) => event.kind === "event");
  if (last?.kind === "event") cursor.seq = last.seq + 1;
}

interface Failed {
  readonly error: unknown;
  readonly call: CallContext;
  readonly context: HandlerContext;
  readonly cursor: { readonly seq: number };
}

/** The failure as the caller sees it, with the cursor to go on from. */
function failure(host: StreamHost, { error, call, context, cursor }: Failed): Error {
  host.onFailure(error, call, context.method.name);
  const reason: unknown = call.signal.aborted ? callEnded(context) : error;
  return errorToConnect(reason, {
    traceId: call.traceId,
    ...(cursor.seq === 0 ? {} : { resumeFromSeq: cursor.seq }),
  });
}

function callEnded(context: HandlerContext): TauError {
  const timeoutMs = context.timeoutMs();
  return timeoutMs !== undefined && timeoutMs <= 0
    ? new TauError("call.deadline_exceeded", "The deadline of the call passed; give more time, or attach.", {
        class: "cancelled",
      })
    : new TauError("call.cancelled", "The caller gave up.", { class: "cancelled" });
}
