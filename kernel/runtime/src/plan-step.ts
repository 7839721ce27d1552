import { isTauError, uuidv7 } from "@tau/core";
import type {
  ApprovalRequested,
  GrantOffer,
  HeldChanges,
  PersonQuestion,
  ToolCallPart,
  ToolResultPart,
  WaitingReason,
} from "@tau/core";
import type { EffectState } from "@tau/session";
import { contentDigest } from "@tau/tools";
import type { EffectRequest, PreparedCall, ReadyCall } from "@tau/tools";

import { approvalBinding } from "./approval-binding.ts";
import { stricter } from "./stricter-decision.ts";
import { flowOn, taintOfUnknown } from "./flow-step.ts";
import type { FlowDecision } from "./flow-step.ts";
import { holdingTransactions } from "./can-hold.ts";
import { resolveHandles } from "./held-values.ts";
import { runBeforeTool } from "./run-hooks.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { untilAborted } from "./until-aborted.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const defaultApprovalTimeoutMs = 7 * dayMs;
const defaultGrantTtlMs = 30 * dayMs;

/**
 * Decides on every call of the current step that has no decision yet: arguments, hooks, rules. Records a
 * decision and its reason for each, a result for what is refused, and a question for what a person must decide.
 */
export function planStep(scope: RunScope): Promise<void> | undefined {
  const looking = scope.grants.refresh(scope.call.signal);
  return looking === undefined ? decideAll(scope) : looking.then(() => decideAll(scope));
}

/** Usually at once. What has to wait is followed by the rest, of which it is no part any more. */
function decideAll(scope: RunScope): Promise<void> | undefined {
  for (const effect of runOf(scope).effects) {
    if (effect.finished !== undefined || effect.decided !== undefined) continue;
    const deciding = decide(scope, effect);
    if (deciding !== undefined) return deciding.then(() => decideAll(scope));
  }
  return undefined;
}

/** The call as it will be run: with the arguments that were decided on. */
export function effectiveCall({ call, decided }: EffectState): ToolCallPart {
  const rewritten = decided?.rewrittenArguments;
  return rewritten === undefined ? call : { ...call, arguments: rewritten };
}

/** Records a result without running anything. */
export function finishEffect(
  scope: Pick<RunScope, "log" | "runId">,
  effect: EffectState,
  outcome: "failed" | "denied" | "completed" | "unknown",
  result: ToolResultPart,
): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  scope.log.record({
    type: "effect_finished",
    runId,
    effectId,
    callId: call.id,
    tool: call.name,
    outcome,
    result,
    durationMs: 0,
    ...(outcome === "unknown" || outcome === "completed" ? taintOfUnknown(effect) : {}),
  });
}

/** An error result that says `text` to the model. */
export function errorResult(call: ToolCallPart, text: string): ToolResultPart {
  return {
    type: "tool_result",
    callId: call.id,
    name: call.name,
    content: [{ type: "text", text }],
    isError: true,
  };
}

/** What a person is asked about. */
export interface Question {
  readonly reason: WaitingReason;
  readonly summary: string;
  /** The call as it would run now; absent where only its past matters. */
  readonly prepared?: ReadyCall;
  /** What it did on a copy, which is not carried out yet. */
  readonly held?: HeldChanges | undefined;
  /** What the model wants to know. */
  readonly question?: PersonQuestion;
}

/**
 * Asks a person about an effect. Equal calls of a step are one question: each is recorded, and the one answer counts
 * for all that waited for it.
 */
export function askPerson(scope: RunScope, effect: EffectState, question: Question): void {
  const { reason, summary, prepared, held } = question;
  const asks = question.question;
  const call = effectiveCall(effect);
  const isNamed = prepared === undefined || prepared.tool.name === call.name;
  // What was tried is a question by itself: an equal call would change something else.
  const equal = reason === "approval" && held === undefined ? equalEffects(scope, effect) : [];
  const first = equal.find(
    ({ asked, answered }) => asked?.reason === reason && answered === undefined,
  )?.asked;
  const timeoutMs = scope.agent.approvalTimeoutMs ?? defaultApprovalTimeoutMs;
  const expiresAt = first?.expiresAt ?? scope.clock.now() + timeoutMs;
  const grant = reason === "approval" && prepared !== undefined ? grantOffer(scope, prepared) : undefined;
  const event: ApprovalRequested = {
    type: "approval_requested",
    runId: scope.runId,
    approvalId: first?.approvalId ?? uuidv7(scope.clock.now()),
    effectId: effect.effectId,
    reason,
    // What a `tool_call` stands for: a person decides on that.
    tool: prepared?.tool.name ?? call.name,
    // And on what is behind handles.
    arguments: isNamed
      ? resolveHandles(call, scope.log.state.values).arguments
      : JSON.stringify(prepared.args),
    binding: bindingOf(scope, effect, { prepared, expiresAt, held }),
    summary,
    expiresAt,
    ...(effect.decided?.label === undefined ? {} : { label: effect.decided.label }),
    ...(equal.length < 2 ? {} : { times: equal.length }),
    ...(grant === undefined ? {} : { grant }),
    ...(asks === undefined ? {} : { question: asks }),
  };
  scope.log.record(held === undefined ? event : { ...event, held });
}

/** The calls of this step that say the same and have no result yet, the effect itself among them. */
function equalEffects(scope: RunScope, effect: EffectState): readonly EffectState[] {
  const call = effectiveCall(effect);
  return runOf(scope).effects.filter((other) => {
    const { name, arguments: args } = effectiveCall(other);
    return other.finished === undefined && name === call.name && args === call.arguments;
  });
}

function grantOffer({ agent, policy, environment }: RunScope, prepared: ReadyCall): GrantOffer | undefined {
  if (agent.keepsGrants !== true) return undefined;
  const terms = policy.propose?.(requestOf(prepared, environment.info.profile.workspace));
  return terms === undefined ? undefined : { ...terms, ttlMs: agent.grantTtlMs ?? defaultGrantTtlMs };
}

/** What of a question its answer is bound to beside the call. */
interface BoundTo {
  readonly prepared: ReadyCall | undefined;
  readonly expiresAt: number;
  readonly held?: HeldChanges | undefined;
}

/** What an answer about this effect is bound to, as things are now. */
export function bindingOf(
  scope: RunScope,
  effect: EffectState,
  { prepared, expiresAt, held }: BoundTo,
): string {
  const call = effectiveCall(effect);
  return approvalBinding({
    tenant: scope.call.tenant,
    effectId: effect.effectId,
    tool: call.name,
    arguments: call.arguments,
    principal: scope.call.principal.id,
    profileHash: scope.environment.info.profileHash,
    content: prepared === undefined ? "" : contentDigest(prepared.access),
    expiresAt: String(expiresAt),
    held: held?.hash ?? "",
  });
}

/** Usually at once: whether there is something to look up, and hooks to ask, is known without waiting. */
function decide(scope: RunScope, effect: EffectState): Promise<void> | undefined {
  const first = prepare(scope, effect.call);
  return first instanceof Promise
    ? first.then((prepared) => decidePrepared(scope, effect, prepared))
    : decidePrepared(scope, effect, first);
}

function decidePrepared(
  scope: RunScope,
  effect: EffectState,
  prepared: PreparedCall,
): Promise<void> | undefined {
  if (prepared.ok && (scope.agent.hooks ?? []).length > 0) return decideByHooks(scope, effect, prepared);
  if (prepared.ok) decideByRules(scope, effect, prepared);
  else finishEffect(scope, effect, "failed", prepared.result);
  return undefined;
}

async function decideByHooks(scope: RunScope, effect: EffectState, first: ReadyCall): Promise<void> {
  const hooks = await runBeforeTool(scope, first.tool.name, first.args);
  if (!hooks.ok) return deny(scope, effect, hooks.reason);
  if (hooks.rewritten === undefined) return decideByRules(scope, effect, first);

  const rewritten = first.rewritten(hooks.rewritten);
  const again = await prepare(scope, rewritten);
  if (!again.ok) return deny(scope, effect, "A hook rewrote the arguments into invalid ones.");
  return decideByRules(scope, effect, again, rewritten.arguments);
}

/** Records what the rules say of a call, and what follows from it. */
export function decideByRules(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
  rewrittenArguments?: string,
): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  const said = ruleOn(scope, effect, prepared);
  const { decision, reason, rule, kinds, label } = said;
  scope.log.record({
    type: "permission_decided",
    runId,
    effectId,
    tool: prepared.tool.name,
    decision,
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(rewrittenArguments === undefined ? {} : { rewrittenArguments }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(label === undefined ? {} : { label }),
  });
  if (decision === "deny")
    return finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${reason}`));
  const question = prepared.tool.question?.(prepared.input);
  // Whoever answers is a person who sees what is asked: nobody has to allow that first.
  if (question !== undefined)
    return askPerson(scope, effect, { reason: "question", summary: question.text, question });
  scope.prepared.set(effectId, prepared);
  if (decision !== "ask" || holdingTransactions(scope, prepared) !== undefined) return;
  askUnlessRefused(scope, effect, prepared, said);
}

/**
 * Asks about a call by its words. What is asked only because its changes are not known is taken as changing any file:
 * where the rules let nobody be asked about that, it is refused.
 */
export function askUnlessRefused(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
  said: ReturnType<typeof ruleOn>,
): void {
  const { workspace } = scope.environment.info.profile;
  if (said.review === true) {
    if (said.label?.integrity === "untrusted" && scope.flow?.asks === false)
      return deny(scope, effect, said.reason);
    const anything = { ...prepared, access: [{ kind: "write", path: workspace }] } as const;
    const { decision, reason } = ruleOn(scope, effect, anything);
    if (decision === "deny") return deny(scope, effect, reason);
  }
  askPerson(scope, effect, { reason: "approval", summary: said.reason, prepared });
}

/** What the rules say, and the flow of information: the stricter of the two. What throws has not allowed anything. */
export function ruleOn(scope: RunScope, effect: EffectState, prepared: ReadyCall): FlowDecision {
  try {
    const said = scope.policy.decide(requestOf(prepared, scope.environment.info.profile.workspace));
    if (!isDecision(said.decision)) throw new TypeError("The permission rules answered no decision.");
    const flow = flowOn(scope, effect, prepared);
    return flow === undefined ? said : stricter(said, flow);
  } catch (error) {
    scope.observer({ name: "permission.failed", level: 17, attributes: { tool: prepared.tool.name }, error });
    return {
      decision: "deny",
      reason: isTauError(error) ? error.message : "The permission rules could not be evaluated.",
    };
  }
}

function requestOf({ tool, access }: ReadyCall, workspace: string): EffectRequest {
  return { tool, access, workspace };
}

function deny(scope: RunScope, effect: EffectState, reason: string): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  scope.log.record({
    type: "permission_decided",
    runId,
    effectId,
    tool: call.name,
    decision: "deny",
    reason,
  });
  finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${reason}`));
}

/** Validation is code of the tool's author, and paths are looked up: neither holds up a cancel. At once where neither waits. */
export function prepare(scope: RunScope, call: ToolCallPart): Promise<PreparedCall> | PreparedCall {
  const prepared = prepareOnce(scope, call);
  const resolved = resolveHandles(call, scope.log.state.values);
  return resolved === call ? prepared : prepareResolved(scope, prepared, resolved);
}

async function prepareResolved(
  scope: RunScope,
  preparing: Promise<PreparedCall> | PreparedCall,
  resolved: ToolCallPart,
): Promise<PreparedCall> {
  const prepared = await preparing;
  // A reader gets handles as they are: it is the one that looks behind them.
  return prepared.ok && prepared.tool.endorses === true ? prepared : await prepareOnce(scope, resolved);
}

function prepareOnce(
  { tools, environment, policy, call: caller }: RunScope,
  call: ToolCallPart,
): Promise<PreparedCall> | PreparedCall {
  const { signal } = caller;
  const { hashedPrograms: hashed = [] } = policy;
  const preparing = tools.prepare(call, { environment, signal, call: caller, hashed });
  return preparing instanceof Promise ? untilAborted(preparing, signal) : preparing;
}

function isDecision(value: string): boolean {
  return value === "allow" || value === "ask" || value === "deny";
}
