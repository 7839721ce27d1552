import { isJsonObject, isTauError } from "@tau/core";
import type { JsonObject, SideEffectClass, ToolResultPart } from "@tau/core";
import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { Artifact, ReadyCall, ToolRun } from "@tau/tools";

import type { HeldTransaction } from "./held-run.ts";
import { judgeChanges } from "./judge-changes.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import type { RunScope } from "./run-scope.ts";

/** The run as a transaction keeps it beside its changes. */
export function storedRun({ result, details, artifacts }: ToolRun): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify({ result, details, artifacts }));
  return copy;
}

/** What executing an effect means now: a commit may be repeated, and a call that changed nothing is over already. */
export function heldSideEffect(
  { held }: RunScope,
  { effectId, asked }: EffectState,
): SideEffectClass | undefined {
  const run = held.get(effectId);
  if (run !== undefined) return run.changes === undefined ? "pure" : undefined;
  return asked?.held === undefined ? undefined : "idempotent";
}

/**
 * Carries out what was held of an effect, and answers as the call answered; undefined, at once, when nothing was held.
 */
export function carryOut(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
): Promise<ToolRun> | ToolRun | undefined {
  const run = scope.held.get(effect.effectId);
  scope.held.delete(effect.effectId);
  const changes = run === undefined ? effect.asked?.held : run.changes;
  return changes === undefined ? run?.ran : commitHeld(scope, { effect, prepared }, changes);
}

async function commitHeld(scope: RunScope, ready: ReadyEffect, changes: HeldTransaction): Promise<ToolRun> {
  try {
    return await commit(scope, ready, changes);
  } catch (error) {
    if (!isTauError(error)) throw error;
    const text = `${error.code}: ${error.message} Nothing was changed.`;
    return { result: errorResult(ready.effect.call, text), details: {}, artifacts: [], code: error.code };
  }
}

async function commit(
  scope: RunScope,
  ready: ReadyEffect,
  { transactionId, hash }: HeldTransaction,
): Promise<ToolRun> {
  const { call } = ready.prepared;
  const { signal } = scope.call;
  const { transactions } = scope.environment;
  if (transactions === undefined) {
    const text =
      "environment.failed: What was held cannot be carried out from here, because this environment has no transactions. Nothing was changed.";
    return { result: errorResult(call, text), details: {}, artifacts: [], code: "environment.failed" };
  }
  const ran = restoredRun(call.id, await transactions.outcome(transactionId, signal));
  const now = judgeChanges(scope, ready, await transactions.writeSet(transactionId, signal));
  if (now.decision === "deny") {
    await transactions.discard(transactionId, signal);
    return {
      result: errorResult(call, `tool.denied: ${now.reason}`),
      details: {},
      artifacts: [],
      code: "tool.denied",
    };
  }
  await transactions.commit(transactionId, hash, signal);
  const details = { ...ran?.details, transaction: transactionId };
  if (ran !== undefined) return { ...ran, details };
  const lost = { ...errorResult(call, "The changes were carried out; the output is lost."), isError: false };
  return { result: lost, details, artifacts: [] };
}

/** Undefined for what is no run of this call: a transaction is kept by another process, perhaps of another version. */
function restoredRun(callId: string, { result, details, artifacts }: JsonObject): ToolRun | undefined {
  if (!isResult(result) || result.callId !== callId || !isJsonObject(details) || !isArtifacts(artifacts))
    return undefined;
  return { result, details, artifacts };
}

/** Trusts the parts: only {@link storedRun} writes them, out of sight of commands. */
function isResult(value: unknown): value is ToolResultPart {
  return isJsonObject(value) && value["type"] === "tool_result" && Array.isArray(value["content"]);
}

function isArtifacts(value: unknown): value is readonly Artifact[] {
  return Array.isArray(value);
}
