import { isTauError, TauError } from "@tau/core";
import type { JsonObject, ToolCallPart, ToolResultPart } from "@tau/core";

import type { Artifact } from "./artifact-store.ts";
import { capOutput } from "./cap-output.ts";
import type { OutputLimits } from "./cap-output.ts";
import { errorResult, errorText } from "./error-result.ts";
import type { ReadyCall } from "./prepare-call.ts";
import type { ToolContext, ToolOutput } from "./tool.ts";

/** What came of running a tool. */
export interface ToolRun {
  /** For the model. */
  readonly result: ToolResultPart;
  /** For screens. */
  readonly details: JsonObject;
  /** Outputs too large for the model. */
  readonly artifacts: readonly Artifact[];
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
  let output: ToolOutput;
  try {
    output = await executeWithin(ready, context, options.graceMs);
  } catch (error) {
    context.signal.throwIfAborted();
    return failed(call, error);
  }
  const limits = { ...options, maxChars: tool.maxOutputChars ?? options.maxChars };
  try {
    const capped = await capOutput(tool.name, output.content, { limits, store: context.artifacts });
    const isError = output.isError ?? false;
    return {
      result: { type: "tool_result", callId: call.id, name: call.name, content: capped.content, isError },
      details: output.details ?? {},
      artifacts: capped.artifacts,
    };
  } catch (error) {
    return failed(call, error);
  }
}

function failed(call: ToolCallPart, error: unknown): ToolRun {
  return {
    result: errorResult(call, errorText(call.name, error)),
    details: {},
    artifacts: [],
    code: isTauError(error) ? error.code : "tool.failed",
    error,
  };
}

/** Stops the tool by its signal on timeout and on cancel, and gives up on it `graceMs` later. */
async function executeWithin(ready: ReadyCall, context: ToolContext, graceMs: number): Promise<ToolOutput> {
  const { tool, input } = ready;
  const controller = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  let graceTimer: NodeJS.Timeout | undefined;
  let running = true;

  const stop = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    graceTimer = setTimeout(() => abandoned.reject(reason), graceMs);
  };
  const cancel = (): void => stop(context.signal.reason);
  const timer = setTimeout(() => stop(timeoutError(tool.name, tool.timeoutMs)), tool.timeoutMs);
  context.signal.addEventListener("abort", cancel, { once: true });

  try {
    const own: ToolContext = {
      ...context,
      signal: controller.signal,
      progress: (text) => {
        if (running) context.progress(text);
      },
    };
    const output = await Promise.race([tool.execute(input, own), abandoned.promise]);
    context.signal.throwIfAborted();
    return output;
  } catch (error) {
    // A tool that was stopped usually throws something of its own; the timeout is what the model must hear.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    running = false;
    clearTimeout(timer);
    clearTimeout(graceTimer);
    context.signal.removeEventListener("abort", cancel);
  }
}

function timeoutError(tool: string, timeoutMs: number): TauError {
  return new TauError(
    "tool.timeout",
    `${tool} took longer than ${timeoutMs} ms and was stopped. Ask it for less, or split the work.`,
  );
}
