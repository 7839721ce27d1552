import { hash } from "node:crypto";

import { canonicalJson, uuidv7 } from "@tau/core";
import type { ApprovalAnswered, ApprovalRequested, Json } from "@tau/core";
import { innerEffectIdOf } from "@tau/session";
import type { EffectState } from "@tau/session";
import type { ToolContext, ToolQuestion } from "@tau/tools";

import { bindingOf } from "./ask-person.ts";
import { effectiveCall } from "./effective-call.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { waitForPerson } from "./wait-for-person.ts";

const defaultTimeoutMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * What lets the tool of one effect ask a person.
 *
 * Invariants, cited by the tests:
 * - Q1. A question is an event of the session before anybody sees it, and so is its answer: it can be answered from any
 *   process, once.
 * - Q2. A tool that runs again after a crash and asks the same has the answer that was given before.
 * - Q3. A question that the tool gives up is closed.
 */
export function createToolQuestions(scope: RunScope, effect: EffectState): NonNullable<ToolContext["ask"]> {
  // Made by the first question: hardly any tool has one.
  let counts: Map<string, number> | undefined;
  return async (question, signal) => {
    counts ??= new Map();
    const asking = questionEffect(scope, effect, question, counts);
    const known = stateOf(scope, effect, asking).answered;
    const { answer, by, note } = known ?? (await askNow(scope, { effect, asking, question }, signal));
    return { answer, by, ...(note === undefined ? {} : { note }) };
  };
}

/** Equal questions are told apart by their number. */
function questionEffect(
  scope: RunScope,
  effect: EffectState,
  question: ToolQuestion,
  counts: Map<string, number>,
): EffectState {
  const { reason, summary, question: asks } = question;
  const call = effectiveCall(effect);
  const { tool = call.name, arguments: args = call.arguments, held } = question;
  const said: Json = [
    reason,
    tool,
    args,
    summary,
    asks?.text ?? "",
    [...(asks?.options ?? [])],
    held?.hash ?? "",
  ];
  const digest = hash("sha256", canonicalJson(["question", said])).slice(0, 16);
  const count = (counts.get(digest) ?? 0) + 1;
  counts.set(digest, count);
  const effectId = innerEffectIdOf(effect.effectId, digest, count);
  return { effectId, call: { ...call, name: tool, arguments: args } };
}

interface Asking {
  readonly effect: EffectState;
  readonly asking: EffectState;
  readonly question: ToolQuestion;
}

async function askNow(
  scope: RunScope,
  { effect, asking, question }: Asking,
  signal: AbortSignal,
): Promise<ApprovalAnswered> {
  signal.throwIfAborted();
  const { asked = record(scope, asking, question) } = stateOf(scope, effect, asking);
  const both = AbortSignal.any([scope.call.signal, signal]);
  try {
    await waitForPerson({ ...scope, call: { ...scope.call, signal: both } }, asked);
  } catch (error) {
    if (signal.aborted && !scope.call.signal.aborted) withdraw(scope, asked);
    throw error;
  }
  // The tool may go on for long: whoever listens is to see now that there is an answer.
  scope.log.sendSoon();
  const { answered } = stateOf(scope, effect, asking);
  if (answered === undefined) throw new TypeError(`Question ${asked.approvalId} has no answer.`);
  return answered;
}

/** The tool does not want to know any more. */
function withdraw({ log, runId }: RunScope, { approvalId, effectId }: ApprovalRequested): void {
  const note = "The question was withdrawn.";
  log.record({ type: "approval_answered", runId, approvalId, effectId, answer: "deny", by: "system", note });
}

/** The question as the log knows it. */
function stateOf(scope: RunScope, effect: EffectState, { effectId }: EffectState): Partial<EffectState> {
  const outer = runOf(scope).effects.find((each) => each.effectId === effect.effectId);
  return outer?.inner?.find((each) => each.effectId === effectId) ?? {};
}

function record(scope: RunScope, asking: EffectState, question: ToolQuestion): ApprovalRequested {
  const { reason, summary, held, label, question: asks } = question;
  const { clock, agent, runId } = scope;
  const latest = clock.now() + (agent.approvalTimeoutMs ?? defaultTimeoutMs);
  const expiresAt = Math.min(question.expiresAt ?? latest, latest);
  const event: ApprovalRequested = {
    type: "approval_requested",
    runId,
    approvalId: uuidv7(clock.now()),
    effectId: asking.effectId,
    reason,
    tool: asking.call.name,
    arguments: asking.call.arguments,
    binding: bindingOf(scope, asking, { prepared: undefined, expiresAt, held }),
    summary,
    expiresAt,
    ...(held === undefined ? {} : { held }),
    ...(label === undefined ? {} : { label }),
    ...(asks === undefined ? {} : { question: asks }),
  };
  scope.log.record(event);
  return event;
}
