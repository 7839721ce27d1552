import { isTauError, offAbort, onAbort, TauError } from "@tau/core";
import type { Json, JsonObject, Spent, ToolResultPart } from "@tau/core";

import type { Artifact } from "./artifact-store.ts";
import { capOutput } from "./cap-output.ts";
import type { OutputLimits } from "./cap-output.ts";
import { checkOutput } from "./check-output.ts";
import { errorResult, errorText } from "./error-result.ts";
import { Execution } from "./execution.ts";
import type { ExecutionOptions } from "./execution.ts";
import { hideUnseen } from "./hide-unseen.ts";
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
export function startCall(ready: ReadyCall, context: ToolContext, options: RunCallOptions): StartedCall {
  const execution = new Execution(ready.tool, context, options);
  return {
    ran: runExecution(execution, ready, { context, options }),
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
  const started = startCall(ready, context, options);
  const cancel = (): void => started.cancel(signal.reason);
  if (signal.aborted) cancel();
  else onAbort(signal, cancel);
  try {
    return await started.ran;
  } finally {
    offAbort(signal, cancel);
  }
}

async function runExecution(
  execution: Execution,
  ready: ReadyCall,
  { context, options }: { readonly context: ToolContext; readonly options: RunCallOptions },
): Promise<ToolRun> {
  const { call, tool } = ready;
  const missing = missingScopes(tool, context.call.principal);
  if (missing.length > 0)
    return failed(ready, new TauError("tool.missing_scope", missingScopeMessage(tool.name, missing)));
  let output: ToolOutput;
  try {
    output = await execution.run(ready.input);
    execution.throwIfCancelled();
  } catch (error) {
    execution.throwIfCancelled();
    return failed(ready, execution.stopReason ?? error);
  } finally {
    execution.end();
  }
  const { maxOutputChars } = tool;
  const limits = maxOutputChars === undefined ? options : { ...options, maxChars: maxOutputChars };
  try {
    // Most answers are a short text, of which all this is known at once: then there is nothing to await.
    const checking = checkOutput(tool, output);
    if (checking !== undefined) await checking;
    const content = labelContent(labelContent(output.content, output.label), tool.label);
    const hiding = hideUnseen(tool.name, content, context);
    const seen = hiding instanceof Promise ? await hiding : hiding;
    const capping = capOutput(tool.name, seen.content, { limits, store: context.artifacts });
    const capped = capping instanceof Promise ? await capping : capping;
    const isError = output.isError === true || seen.nothingLeft;
    return {
      result: { type: "tool_result", callId: call.id, name: call.name, content: capped.content, isError },
      details: output.details ?? {},
      artifacts: [...seen.artifacts, ...capped.artifacts],
      ...(tool.outputSchema === undefined || output.value === undefined ? {} : { value: output.value }),
      ...(output.keep === undefined ? {} : { keep: output.keep }),
      ...(output.spent === undefined ? {} : { spent: output.spent }),
    };
  } catch (error) {
    return failed(ready, error);
  }
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
