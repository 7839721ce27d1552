import { uuidv7 } from "@tau/core";
import type { ApprovalRequested, GrantOffer, HeldChanges, PersonQuestion, WaitingReason } from "@tau/core";
import type { EffectState } from "@tau/session";
import { contentDigest } from "@tau/tools";
import type { ReadyCall } from "@tau/tools";

import { approvalBinding } from "./approval-binding.ts";
import { effectiveCall } from "./effective-call.ts";
import { resolveHandles } from "./held-values.ts";
import { requestOf } from "./rule-on.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const defaultApprovalTimeoutMs = 7 * dayMs;
const defaultGrantTtlMs = 30 * dayMs;

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
