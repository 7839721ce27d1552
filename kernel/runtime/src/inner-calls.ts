import { hash } from "node:crypto";

import { canonicalJson, joinLabels, mayRunAgain, systemLabel, workspaceLabel } from "@tau/core";
import type { JsonObject, Label, ToolCallPart, ToolResultPart } from "@tau/core";
import { innerEffectIdOf } from "@tau/session";
import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { ReadyCall } from "@tau/tools";

import { CallGate } from "./call-gate.ts";
import { perform, recordStart } from "./perform-effect.ts";
import type { PerformOptions } from "./perform-effect.ts";
import { finishEffect } from "./finish-effect.ts";
import { prepare } from "./prepare-call.ts";
import { ruleOn } from "./rule-on.ts";
import { runBeforeTool } from "./run-hooks.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

// Each is in the log: a tool that calls for ever must not fill it.
const maxCalls = 1_000;

/**
 * What lets the tool of one effect call others.
 *
 * Invariants, cited by the tests:
 * - N1. A call goes through what a model's call goes through: arguments, hooks, rules, ledger. Where a person would be
 *   asked it is refused, because the tool cannot wait for days.
 * - N2. Rules see what the tool was told so far, and its own result is trusted no further than that.
 * - N3. A tool that runs again after a crash gets the results of the calls that it made before: none is made twice. One
 *   that was under way is made again only if its class allows.
 * - N4. Pure calls run together, any other alone; the called tools call no others.
 */
export function createInnerCalls(
  outer: RunScope,
  effect: EffectState,
): Required<Pick<PerformOptions, "callTool" | "gathered">> {
  // Made by the first call: hardly any tool makes one.
  let inner: InnerCalls | undefined;
  return {
    callTool: (name, args, signal) => (inner ??= new InnerCalls(outer, effect)).call(name, args, signal),
    gathered: () => inner?.label ?? systemLabel,
  };
}

/** The calls that the tool of one effect makes. */
class InnerCalls {
  /** What the tool was told so far. */
  label: Label = systemLabel;
  readonly #scope: RunScope;
  readonly #effect: EffectState;
  readonly #gate = new CallGate();
  readonly #counts = new Map<string, number>();
  #calls = 0;

  constructor(outer: RunScope, effect: EffectState) {
    this.#scope = { ...outer, gathered: () => this.label };
    this.#effect = effect;
  }

  async call(name: string, args: JsonObject, signal: AbortSignal): Promise<ToolResultPart> {
    const scope = this.#scope;
    const made = innerCall(this.#effect, { name, args, counts: this.#counts });
    this.#calls += 1;
    if (this.#calls > maxCalls) {
      const code = "call.too_many";
      return errorResult(made.call, `${code}: A tool may call others ${maxCalls} times.`);
    }
    const both = AbortSignal.any([scope.call.signal, signal]);
    both.throwIfAborted();
    const run = (): Promise<ToolResultPart> => settle(scope, this.#effect, made, both);
    const result = await this.#gate.run(isPureCall(scope, made.call), run);
    this.label = joinLabels(this.label, ...result.content.map((part) => part.label ?? workspaceLabel));
    return result;
  }
}

interface Named {
  readonly name: string;
  readonly args: JsonObject;
  readonly counts: Map<string, number>;
}

/** Equal calls are told apart by their number: the order of different ones may be another when the tool runs again. */
function innerCall({ effectId, call }: EffectState, { name, args, counts }: Named): EffectState {
  const digest = hash("sha256", canonicalJson([name, args])).slice(0, 16);
  const count = (counts.get(digest) ?? 0) + 1;
  counts.set(digest, count);
  return {
    effectId: innerEffectIdOf(effectId, digest, count),
    call: {
      type: "tool_call",
      id: innerEffectIdOf(call.id, digest, count),
      name,
      arguments: JSON.stringify(args),
    },
  };
}

function isPureCall({ tools }: RunScope, { name }: ToolCallPart): boolean {
  return tools.list().find((tool) => tool.name === name)?.sideEffect === "pure";
}

/** Brings one call to its result; see N1 and N3. */
async function settle(
  scope: RunScope,
  outer: EffectState,
  { effectId, call }: EffectState,
  signal: AbortSignal,
): Promise<ToolResultPart> {
  signal.throwIfAborted();
  const before = runOf(scope)
    .effects.find((each) => each.effectId === outer.effectId)
    ?.inner?.find((each) => each.effectId === effectId);
  const effect: EffectState = { ...before, effectId, call };
  if (effect.finished !== undefined) return effect.finished.result;
  if (effect.started !== undefined && !mayRunAgain(effect.started.sideEffect)) {
    const code = "call.unknown_outcome";
    const text = `${code}: It is unknown whether this call was carried out: it was interrupted.`;
    return finish(scope, effect, "unknown", errorResult(call, text));
  }
  const prepared = await decide(scope, effect);
  if (!("tool" in prepared)) return prepared;
  const ready = { effect, prepared };
  recordStart(scope, ready);
  if (prepared.tool.sideEffect !== "pure") await scope.log.commit();
  return await perform(scope, ready, { signal });
}

/** The call, ready to run, or the result with which it was refused. */
async function decide(scope: RunScope, effect: EffectState): Promise<ReadyCall | ToolResultPart> {
  const { call } = effect;
  const first = await prepare(scope, call);
  if (!first.ok) return finish(scope, effect, "failed", first.result);
  const hooks = await runBeforeTool(scope, first.tool.name, first.args);
  if (!hooks.ok) return refuse(scope, effect, hooks.reason);
  if (hooks.rewritten === undefined) return judge(scope, effect, first);
  const again = await prepare(scope, first.rewritten(hooks.rewritten));
  return again.ok
    ? judge(scope, effect, again)
    : refuse(scope, effect, "A hook rewrote the arguments into invalid ones.");
}

function judge(scope: RunScope, effect: EffectState, prepared: ReadyCall): ReadyCall | ToolResultPart {
  const { decision, reason, rule, kinds, label } = ruleOn(scope, effect, prepared);
  const isRewritten = prepared.call.arguments !== effect.call.arguments;
  scope.log.record({
    type: "permission_decided",
    runId: scope.runId,
    effectId: effect.effectId,
    tool: prepared.tool.name,
    decision,
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(label === undefined ? {} : { label }),
    ...(isRewritten ? { rewrittenArguments: prepared.call.arguments } : {}),
  });
  if (decision === "allow") return prepared;
  const code = decision === "deny" ? "tool.denied" : "call.needs_person";
  const more =
    decision === "deny"
      ? ""
      : " A person has to decide on this, and no tool can wait for that: call it directly.";
  return finish(scope, effect, "denied", errorResult(effect.call, `${code}: ${reason}${more}`));
}

function refuse(scope: RunScope, effect: EffectState, reason: string): ToolResultPart {
  return finish(scope, effect, "denied", errorResult(effect.call, `tool.denied: ${reason}`));
}

function finish(
  scope: RunScope,
  effect: EffectState,
  outcome: "failed" | "denied" | "unknown",
  result: ToolResultPart,
): ToolResultPart {
  finishEffect(scope, effect, outcome, result);
  scope.log.sendSoon();
  return result;
}
