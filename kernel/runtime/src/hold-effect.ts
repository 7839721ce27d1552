import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { HeldChanges } from "@tau/core";
import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { ReadyCall, ToolRun, Transaction, Transactions, WriteSet } from "@tau/tools";

import { holdingTransactions } from "./can-hold.ts";
import { storedRun } from "./carry-out.ts";
import { createHolder } from "./held-values.ts";
import { judgeChanges } from "./judge-changes.ts";
import { askPerson } from "./ask-person.ts";
import { effectiveCall } from "./effective-call.ts";
import { finishEffect } from "./finish-effect.ts";
import { askUnlessRefused, decideByRules } from "./plan-step.ts";
import { prepare } from "./prepare-call.ts";
import { ruleOn } from "./rule-on.ts";
import { toolContext } from "./perform-effect.ts";
import type { RunScope } from "./run-scope.ts";

const maxDiffChars = 60_000;
const namedPaths = 5;

/**
 * Runs a call that a person would have to decide on, on a copy of the workspace, and decides on what it really changes:
 * nothing, what the rules allow by its paths, or what a person is shown. Nothing of it is in the workspace before that.
 */
export async function holdEffect(scope: RunScope, effect: EffectState): Promise<void> {
  const prepared = scope.prepared.get(effect.effectId) ?? (await prepare(scope, effectiveCall(effect)));
  if (!prepared.ok) return finishEffect(scope, effect, "failed", prepared.result);
  const said = ruleOn(scope, effect, prepared);
  // The rules, or the files that they are about, may be others than when the step was planned.
  if (said.decision !== "ask")
    return decideByRules(scope, effect, prepared, effect.decided?.rewrittenArguments);
  const transactions = holdingTransactions(scope, prepared);
  const begun = transactions === undefined ? undefined : await begin(scope, transactions, effect);
  if (transactions === undefined || begun === undefined)
    return askUnlessRefused(scope, effect, prepared, said);
  await using transaction = begun;
  const ran = await runOn(scope, effect, prepared, transaction);
  if (ran.code !== undefined) return finishEffect(scope, effect, "failed", ran.result);
  let set: WriteSet;
  try {
    set = await transaction.hold(storedRun(ran), scope.call.signal);
  } catch (error) {
    if (!isTauError(error)) throw error;
    return finishEffect(scope, effect, "failed", errorResult(effect.call, `${error.code}: ${error.message}`));
  }
  await decideOnChanges(scope, { effect, prepared, said, ran, set, transactions });
}

/** Undefined where no copy can be made: then the words of the call are all that there is to decide on. */
async function begin(
  scope: RunScope,
  transactions: Transactions,
  effect: EffectState,
): Promise<Transaction | undefined> {
  try {
    return await transactions.begin(titleOf(effectiveCall(effect).arguments), scope.call.signal);
  } catch (error) {
    if (!isTauError(error)) throw error;
    scope.observer({
      name: "environment.no_transaction",
      level: 13,
      attributes: { code: error.code },
      error,
    });
    return undefined;
  }
}

/** For the list of what was held: the command itself, where there is one. */
function titleOf(args: string): string {
  const parsed = parseJson(args);
  const command = parsed.ok && isJsonObject(parsed.value) ? parsed.value["command"] : undefined;
  const json = typeof command === "string" ? command : args;
  return json.length <= 500 ? json : `${json.slice(0, 500)}…`;
}

function runOn(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
  { environment }: Transaction,
): Promise<ToolRun> {
  const context = toolContext(
    scope,
    { effect, prepared },
    {
      signal: scope.call.signal,
      holder: createHolder(() => scope.log.nextHandle()),
    },
  );
  return scope.tools.run(prepared, {
    ...context,
    environment,
    // A trial is another execution than the one that it may lead to.
    idempotencyKey: `${context.idempotencyKey}/held`,
  });
}

interface Tried {
  readonly effect: EffectState;
  readonly prepared: ReadyCall;
  readonly said: ReturnType<typeof ruleOn>;
  readonly ran: ToolRun;
  readonly set: WriteSet;
  readonly transactions: Transactions;
}

async function decideOnChanges(scope: RunScope, tried: Tried): Promise<void> {
  const { effect, prepared, said, ran, set, transactions } = tried;
  const { effectId, call } = effect;
  if (set.changes.length === 0) {
    if (said.review !== true)
      return askPerson(scope, effect, {
        reason: "approval",
        summary: `${said.reason} Tried on a copy, it changes no file.`,
        prepared,
      });
    scope.prepared.set(effectId, prepared);
    scope.held.set(effectId, { ran });
    return redecide(scope, effect, "allow", "It changed no file: it was run on a copy, to see.");
  }
  const judged = judgeChanges(scope, { effect, prepared }, set);
  if (judged.decision === "deny") {
    await transactions.discard(set.id, scope.call.signal);
    const reason = `It would change what it may not, so nothing of it was carried out. ${judged.reason}`;
    redecide(scope, effect, "deny", reason);
    return finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${reason}`));
  }
  if (judged.decision === "allow" && said.review === true) {
    scope.prepared.set(effectId, prepared);
    scope.held.set(effectId, { ran, changes: { transactionId: set.id, hash: set.hash } });
    return redecide(scope, effect, "allow", `${summaryOf(set)} ${judged.reason}`);
  }
  const held: HeldChanges = {
    transactionId: set.id,
    hash: set.hash,
    changes: set.changes.length,
    diff: await transactions.diff(set.id, maxDiffChars, scope.call.signal),
  };
  const reasons = [
    said.review === true ? "" : said.reason,
    summaryOf(set),
    judged.rule === undefined ? "" : judged.reason,
  ];
  const summary = reasons.filter((reason) => reason !== "").join(" ");
  askPerson(scope, effect, { reason: "approval", summary, prepared, held });
}

/** Records the decision that takes the place of the one before the call was tried. */
function redecide(
  scope: RunScope,
  { decided }: EffectState,
  decision: "deny" | "allow",
  reason: string,
): void {
  if (decided === undefined) throw new TypeError("A call was tried before it was decided on.");
  const { rule: _, ...before } = decided;
  scope.log.record({ ...before, decision, reason });
}

function summaryOf({ changes }: WriteSet): string {
  const names = changes.slice(0, namedPaths).map(({ path, kind }) => `${path} (${kind})`);
  const more = changes.length > namedPaths ? ` and ${changes.length - namedPaths} more` : "";
  return `It changes ${names.join(", ")}${more}.`;
}
