import { isTauError, TauError } from "@tau/core";
import type { Json, JsonObject, Spent, ToolResultPart } from "@tau/core";

import type { Artifact } from "./artifact-store.ts";
import { capOutput } from "./cap-output.ts";
import type { OutputLimits } from "./cap-output.ts";
import { checkOutput } from "./check-output.ts";
import { errorResult, errorText } from "./error-result.ts";
import { Execution } from "./execution.ts";
import { hideUnseen } from "./hide-unseen.ts";
import { labelContent } from "./label-content.ts";
import type { ReadyCall } from "./prepare-call.ts";
import { readOnlyEnvironment } from "./read-only-environment.ts";
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

/** Options of {@link runCall}. */
export interface RunCallOptions extends OutputLimits {
  /** Milliseconds that a stopped tool gets to end by itself. */
  readonly graceMs: number;
}

/**
 * Runs a prepared call under its timeout.
 *
 * Whatever the tool throws becomes an error result. The one thing that is thrown is `context.signal.reason`,
 * when the run is cancelled; like the timeout, it does not wait longer than `graceMs` for the tool to end.
 */
export async function runCall(
  ready: ReadyCall,
  context: ToolContext,
  options: RunCallOptions,
): Promise<ToolRun> {
  const { call, tool } = ready;
  context.signal.throwIfAborted();
  const missing = missingScopes(tool, context.call.principal);
  if (missing.length > 0)
    return failed(ready, new TauError("tool.missing_scope", missingScopeMessage(tool.name, missing)));
  const held =
    tool.sideEffect === "pure"
      ? { ...context, environment: readOnlyEnvironment(context.environment) }
      : context;
  const execution = new Execution(tool, held, options.graceMs);
  let output: ToolOutput;
  try {
    output = await execution.run(ready.input);
    context.signal.throwIfAborted();
  } catch (error) {
    context.signal.throwIfAborted();
    return failed(ready, execution.stopReason ?? error);
  } finally {
    execution.end();
  }
  const limits = { ...options, maxChars: tool.maxOutputChars ?? options.maxChars };
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
