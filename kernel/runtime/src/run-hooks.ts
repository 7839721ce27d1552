import { isJsonObject, isTauError, TauError } from "@tau/core";
import type { HookDecided, JsonObject, ToolResultPart } from "@tau/core";
import type { ReadyCall } from "@tau/tools";

import type { Hook, HookInput } from "./hook.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { untilAborted } from "./until-aborted.ts";

const defaultTimeoutMs = 10_000;

/**
 * Asks the before-run hooks whether the run may begin; answers what the model should know first.
 *
 * @throws TauError `run.blocked`, `hook.failed`
 */
export async function runBeforeRun(scope: RunScope, prompt: string): Promise<LoopAdvice["notes"]> {
  const notes: { hook: string; note: string }[] = [];
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "before_run", (signal) =>
      hook.beforeRun?.({ ...about(scope), prompt }, signal),
    );
    if (said === undefined) continue;
    if (said === "error") throw hookFailed(hook);
    const { decision, reason, details } = said;
    // A gate that opens without a word has decided nothing worth keeping.
    if (decision === "deny" || reason !== undefined || details !== undefined)
      note(scope, hook, {
        point: "before_run",
        decision,
        ...(reason === undefined ? {} : { reason }),
        ...(details === undefined ? {} : { details }),
      });
    if (decision === "deny")
      throw new TauError("run.blocked", `The hook "${hook.name}" did not let the run begin: ${said.reason}`);
    if (said.note !== undefined) notes.push({ hook: hook.name, note: said.note });
  }
  return notes;
}

/** What the before-tool hooks made of a call. */
export type BeforeToolResult =
  | { readonly ok: true; readonly rewritten?: JsonObject }
  | { readonly ok: false; readonly reason: string };

/** Runs the before-tool hooks of a call, in order; each sees what the one before it rewrote. */
export async function runBeforeTool(
  scope: RunScope,
  tool: string,
  args: JsonObject,
): Promise<BeforeToolResult> {
  let rewritten: JsonObject | undefined;
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "before_tool", (signal) =>
      hook.beforeTool?.({ tool, arguments: rewritten ?? args, ...about(scope) }, signal),
    );
    if (said === undefined) continue;
    if (said === "error")
      return { ok: false, reason: `The hook "${hook.name}" failed, so the call is denied.` };
    if (said.decision === "allow") continue;
    note(scope, hook, { point: "before_tool", decision: said.decision, reason: said.reason });
    if (said.decision === "deny") return { ok: false, reason: said.reason };
    rewritten = said.arguments;
  }
  return rewritten === undefined ? { ok: true } : { ok: true, rewritten };
}

/** Asks the hooks once more about a call that was decided on a while ago; answers why it must not run, if so. */
export async function runRecheck(scope: RunScope, { tool, args }: ReadyCall): Promise<string | undefined> {
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "before_tool", (signal) =>
      hook.recheck?.({ tool: tool.name, arguments: args, ...about(scope) }, signal),
    );
    if (said === undefined) continue;
    if (said === "error") return `The hook "${hook.name}" failed, so the call is denied.`;
    if (said.decision === "allow") continue;
    note(scope, hook, { point: "before_tool", decision: "deny", reason: said.reason });
    return said.reason;
  }
  return undefined;
}

/** Runs the after-tool hooks; answers the result that the model gets. */
export async function runAfterTool(
  scope: RunScope,
  tool: string,
  result: ToolResultPart,
): Promise<ToolResultPart> {
  let current = result;
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "after_tool", (signal) =>
      hook.afterTool?.({ tool, result: current, ...about(scope) }, signal),
    );
    if (said === undefined) continue;
    if (said === "error") {
      const text = `The tool ran, but its result is withheld because the hook "${hook.name}" failed.`;
      return { ...result, content: [{ type: "text", text }], isError: true };
    }
    if (said.decision === "allow") continue;
    note(scope, hook, { point: "after_tool", decision: "rewrite", reason: said.reason });
    // Whatever the hook wrote, it is the result of this call: without one, no provider takes the history.
    const { callId, name } = result;
    current = { ...said.result, type: "tool_result", callId, name };
  }
  return current;
}

/** What the hooks want between two model calls, or of an answer. */
export interface LoopAdvice {
  readonly stop?: string;
  readonly notes: readonly { readonly hook: string; readonly note: string }[];
}

/** Runs the iteration hooks. @throws TauError `hook.failed` */
export async function runIteration(scope: RunScope): Promise<LoopAdvice> {
  const notes: { hook: string; note: string }[] = [];
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "iteration", (signal) => hook.iteration?.(about(scope), signal));
    if (said === undefined) continue;
    if (said === "error") throw hookFailed(hook);
    if (said.decision === "stop") {
      note(scope, hook, { point: "iteration", decision: "stop", reason: said.reason });
      return { stop: said.reason, notes };
    }
    if (said.note !== undefined) notes.push({ hook: hook.name, note: said.note });
  }
  return { notes };
}

/** Runs the stop hooks; notes mean that the run goes on. @throws TauError `hook.failed` */
export async function runStop(scope: RunScope, answer: string): Promise<LoopAdvice> {
  const notes: { hook: string; note: string }[] = [];
  for (const hook of scope.agent.hooks ?? []) {
    const said = await ask(scope, hook, "stop", (signal) => hook.stop?.({ ...about(scope), answer }, signal));
    if (said === undefined) continue;
    if (said === "error") throw hookFailed(hook);
    if (said.decision === "allow") continue;
    note(scope, hook, { point: "stop", decision: "continue", reason: said.note });
    notes.push({ hook: hook.name, note: said.note });
  }
  return { notes };
}

function about(scope: RunScope): HookInput {
  return { run: runOf(scope), call: scope.call };
}

async function ask<T>(
  scope: RunScope,
  hook: Hook,
  point: HookDecided["point"],
  call: (signal: AbortSignal) => Promise<T> | undefined,
): Promise<T | "error" | undefined> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(hookFailed(hook)), hook.timeoutMs ?? defaultTimeoutMs);
  const signal = AbortSignal.any([scope.call.signal, timeout.signal]);
  try {
    const asked = call(signal);
    if (asked === undefined) return undefined;
    const answer = await untilAborted(asked, signal, 0);
    if (!fits(point, answer)) throw hookFailed(hook);
    return answer;
  } catch (error) {
    scope.call.signal.throwIfAborted();
    scope.observer({ name: "hook.failed", level: 17, attributes: { hook: hook.name, point }, error });
    note(scope, hook, {
      point,
      decision: "error",
      reason: isTauError(error) ? error.message : "The hook threw.",
    });
    return "error";
  } finally {
    clearTimeout(timer);
  }
}

const plainDecisions: Readonly<Record<HookDecided["point"], readonly string[]>> = {
  before_run: ["allow", "deny"],
  before_tool: ["allow", "deny"],
  after_tool: ["allow"],
  iteration: ["stop", "continue"],
  stop: ["allow"],
};

/** Whether a hook answered what its point may: a gate that says nothing, or something else, has not opened. */
function fits(point: HookDecided["point"], answer: unknown): boolean {
  if (!isJsonObject(answer)) return false;
  const { decision, arguments: args, result, note: added } = answer;
  if (decision === "rewrite") {
    if (point === "before_tool") return isJsonObject(args);
    return point === "after_tool" && isJsonObject(result) && Array.isArray(result["content"]);
  }
  if (decision === "deny" && point === "before_run") return typeof answer["reason"] === "string";
  if (decision === "continue" && point === "stop") return typeof added === "string";
  return typeof decision === "string" && plainDecisions[point].includes(decision);
}

function hookFailed(hook: Hook): TauError {
  return new TauError(
    "hook.failed",
    `The hook "${hook.name}" failed or took too long; hooks that gate fail closed.`,
  );
}

function note(
  scope: RunScope,
  hook: Hook,
  said: Pick<HookDecided, "point" | "decision" | "reason" | "details">,
): void {
  scope.log.record({ type: "hook_decided", runId: scope.runId, hook: hook.name, ...said });
}
