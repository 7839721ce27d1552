import { isTauError, offAbort, onAbort, TauError } from "@tau/core";
import type { Json, JsonObject, Spent, ToolResultPart } from "@tau/core";

import type { Artifact } from "./artifact-store.ts";
import { capOutput } from "./cap-output.ts";
import type { CappedOutput, OutputLimits } from "./cap-output.ts";
import { checkOutput } from "./check-output.ts";
import { errorResult, errorText } from "./error-result.ts";
import { Execution } from "./execution.ts";
import type { ExecutionOptions, ExecutionRequest } from "./execution.ts";
import { hideUnseen } from "./hide-unseen.ts";
import type { SeenOutput } from "./hide-unseen.ts";
import { labelContent } from "./label-content.ts";
import type { ReadyCall } from "./prepare-call.ts";
import { missingScopeMessage, missingScopes } from "./tool-scopes.ts";
import type { ToolContext, ToolOutput } from "./tool.ts";

/** What came of running a tool. */
export interface ToolRun {
  /** For the model. */
  readonly result: ToolResultPart;
  /** For screens. */
  readonly details: JsonObject;
  /** Outputs too large for the model. */
  readonly artifacts: readonly Artifact[];
  /** The answer as a value, where its tool has an output schema that the value fits. */
  readonly value?: Json;
  /** What the session is to keep. */
  readonly keep?: JsonObject;
  /** What runs below used. */
  readonly spent?: Spent;
  /** Present when the tool was not run for this call: the answer was kept, or another call that is under way got it. */
  readonly replayed?: "cache" | "flight" | "key";
  /** Present when the tool threw, timed out or never ran. */
  readonly code?: string;
  /** What was thrown: for logs only. */
  readonly error?: unknown;
}

/** Options of {@link startCall}. */
export interface RunCallOptions extends OutputLimits, ExecutionOptions {}

/** A call under way. */
export interface StartedCall {
  /** Rejects with the reason of {@link cancel}, and with nothing else. */
  readonly ran: Promise<ToolRun>;
  /** Stops it. The first reason counts. */
  cancel(reason: unknown): void;
}

/**
 * Starts a prepared call under its timeout. The caller cancels it: `context.signal` is not listened to.
 *
 * Whatever the tool throws becomes an error result. The one thing that is thrown is the reason of a cancel; like the
 * timeout, it does not wait longer than `graceMs` for the tool to end.
 */
export function startCall(ready: ReadyCall, request: ExecutionRequest, options: RunCallOptions): StartedCall {
  const execution = new Execution(ready.tool, request, options);
  return {
    ran: runExecution(execution, ready, { context: request.context, options }),
    cancel: (reason) => execution.cancel(reason),
  };
}

/** Runs a prepared call for its one caller: as {@link startCall}, cancelled by `context.signal`. */
export async function runCall(
  ready: ReadyCall,
  context: ToolContext,
  options: RunCallOptions,
): Promise<ToolRun> {
  const { signal } = context;
  signal.throwIfAborted();
  const started = startCall(ready, { context }, options);
  const cancel = (): void => started.cancel(signal.reason);
  if (signal.aborted) cancel();
  else onAbort(signal, cancel);
  try {
    return await started.ran;
  } finally {
    offAbort(signal, cancel);
  }
}

/** Where a call runs, and what bounds it. */
interface Place {
  readonly context: ToolContext;
  readonly options: RunCallOptions;
}

function runExecution(execution: Execution, ready: ReadyCall, place: Place): Promise<ToolRun> {
  const { tool } = ready;
  const missing = missingScopes(tool, place.context.call.principal);
  if (missing.length > 0) {
    const lacking = new TauError("tool.missing_scope", missingScopeMessage(tool.name, missing));
    return Promise.resolve(failed(ready, lacking));
  }
  return execution.run(ready.input).then(
    (output) => {
      execution.end();
      execution.throwIfCancelled();
      return toRun(ready, output, place);
    },
    (error: unknown) => {
      execution.end();
      execution.throwIfCancelled();
      return failed(ready, execution.stopReason ?? error);
    },
  );
}

/** What of an answer is shown. Most are a short text, of which all is known at once: nothing is awaited then. */
function toRun(ready: ReadyCall, output: ToolOutput, place: Place): Promise<ToolRun> | ToolRun {
  try {
    const checking = checkOutput(ready.tool, output);
    const run =
      checking === undefined
        ? seenRun(ready, output, place)
        : checking.then(() => seenRun(ready, output, place));
    return run instanceof Promise ? run.catch((error: unknown) => failed(ready, error)) : run;
  } catch (error) {
    return failed(ready, error);
  }
}

function seenRun(ready: ReadyCall, output: ToolOutput, place: Place): Promise<ToolRun> | ToolRun {
  const { name, label } = ready.tool;
  const content = labelContent(labelContent(output.content, output.label), label);
  const hiding = hideUnseen(name, content, place.context);
  return hiding instanceof Promise
    ? hiding.then((seen) => cappedRun({ ready, output, seen }, place))
    : cappedRun({ ready, output, seen: hiding }, place);
}

interface Answered {
  readonly ready: ReadyCall;
  readonly output: ToolOutput;
  readonly seen: SeenOutput;
}

function cappedRun(answered: Answered, { context, options }: Place): Promise<ToolRun> | ToolRun {
  const { name, maxOutputChars } = answered.ready.tool;
  const limits = maxOutputChars === undefined ? options : { ...options, maxChars: maxOutputChars };
  const capping = capOutput(name, answered.seen.content, { limits, store: context.artifacts });
  return capping instanceof Promise
    ? capping.then((capped) => shownRun(answered, capped))
    : shownRun(answered, capping);
}

function shownRun({ ready, output, seen }: Answered, { content, artifacts }: CappedOutput): ToolRun {
  const { call, tool } = ready;
  const isError = output.isError === true || seen.nothingLeft;
  return {
    result: { type: "tool_result", callId: call.id, name: call.name, content, isError },
    details: output.details ?? {},
    artifacts: [...seen.artifacts, ...artifacts],
    ...(tool.outputSchema === undefined || output.value === undefined ? {} : { value: output.value }),
    ...(output.keep === undefined ? {} : { keep: output.keep }),
    ...(output.spent === undefined ? {} : { spent: output.spent }),
  };
}

/** An error may quote whom the tool asked: its text is trusted no further than the tool's answers. */
function failed({ call, tool }: ReadyCall, error: unknown): ToolRun {
  const result = errorResult(call, errorText(call.name, error));
  return {
    result: { ...result, content: labelContent(result.content, tool.label) },
    details: {},
    artifacts: [],
    code: isTauError(error) ? error.code : "tool.failed",
    error,
  };
}
