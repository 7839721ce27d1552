import { TauError } from "@tau/core";
import type { ModelEvent, Observer, Usage } from "@tau/core";

import type { CallRecord } from "../call-record.ts";
import { isUsage } from "../is-usage.ts";
import type { Handler, Layer, ModelStream } from "../layer.ts";
import { observeSafely } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { costOfCall } from "../pipeline-response.ts";
import { untilAborted } from "../until-aborted.ts";
import { watchStream } from "../watch-stream.ts";
import { isCount, noAmounts } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import type { BudgetAccount, BudgetLedger, BudgetRefusal } from "./budget-ledger.ts";
import { accountsOf } from "./budget-scopes.ts";
import type { BudgetLimits } from "./budget-scopes.ts";
import { windowEnd } from "./budget-window.ts";
import { dearestCost, estimateInputTokens, estimateOutputTokens } from "./estimate-call.ts";
import { HeldBudget } from "./held-budget.ts";

/** Options of {@link budgetLayer}. */
export interface BudgetLayerOptions {
  readonly ledger: BudgetLedger;
  readonly limits: BudgetLimits;
  /** Tokens that are set aside for an answer whose request has no limit of its own. Default 2,048. */
  readonly expectedOutputTokens?: number;
  /** Let models without a price pass although money is limited; they count as free. Default false. */
  readonly allowUnknownPrice?: boolean;
  /** Hears of settlements that failed. */
  readonly observer?: Observer;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** An answer may grow to this much of what was expected; that much is set aside. */
const headroom = 1.2;
/** More is set aside when this much of what is held was said. */
const growAt = 0.8;

/**
 * Sets aside what a call may use before it is made, and counts what it used after. An answer that grows beyond
 * what was expected sets more aside while it streams; where the budget has no room for that, it is cut at 120 %.
 * A cache hit costs nothing, a call that failed before an answer began counts as a request only.
 *
 * Fails closed: a ledger that cannot answer, or a model without a price where money is limited, is no call.
 *
 * @throws TauError (from the stream) `budget.exceeded`, `budget.cut`, `budget.unknown_price`, `budget.unavailable`
 */
export function budgetLayer(options: BudgetLayerOptions): Layer {
  return {
    name: "budget",
    wrap: (next) => (call) => {
      const accounts = accountsOf(call.context, options.limits);
      if (accounts.length === 0) return next(call);
      return budgeted({ call, accounts, options }, next);
    },
  };
}

interface Budgeted {
  readonly call: PipelineCall;
  readonly accounts: readonly BudgetAccount[];
  readonly options: BudgetLayerOptions;
}

function budgeted(budget: Budgeted, next: Handler): ModelStream {
  const { call, accounts, options } = budget;
  const { ledger, observer, now = Date.now } = options;
  const { maxOutputTokens } = call.request;
  const { tenant } = call.context;
  const held = new HeldBudget({ ledger, tenant, accounts, now });
  const inputTokens = estimateInputTokens(call.request);
  // A limit that is none is the provider's to refuse; here it must not set aside less than nothing.
  const expected = isCount(maxOutputTokens) ? maxOutputTokens : (options.expectedOutputTokens ?? 2048);
  let heldOutput = expected;
  let saidTokens = 0;
  let isHeldBack = false;
  let growing: Promise<boolean> | undefined;

  function grow(): Promise<boolean> {
    const tokens = Math.max(expected, Math.ceil(saidTokens - heldOutput));
    const more = amountsOf(budget, { inputTokens: 0, outputTokens: Math.ceil(tokens * headroom) });
    return held.grow({ ...more, requests: 0 }).then((isGranted) => {
      if (isGranted) heldOutput += tokens;
      growing = undefined;
      return isGranted;
    });
  }

  /** An answer that comes faster than the ledger answers waits for it; only a refusal cuts. */
  async function growOrCut(): Promise<void> {
    while (saidTokens > heldOutput * headroom) {
      growing ??= grow();
      if (!(await growing)) throw cut();
    }
  }

  /** @throws TauError `budget.cut` */
  function count(batch: readonly ModelEvent[]): void | Promise<void> {
    const { cacheHit, cacheLevel } = call.record;
    if (cacheHit && cacheLevel !== "flight") return undefined;
    saidTokens += estimateOutputTokens(batch);
    // Who shares an answer has to pay for it only when whoever began it leaves.
    if (cacheHit || saidTokens <= heldOutput * growAt) return undefined;
    // What is whole is paid for already: cutting it would save nothing.
    if (batch.at(-1)?.type === "finished") return undefined;
    if (saidTokens > heldOutput * headroom) return growOrCut();
    growing ??= grow();
    return undefined;
  }

  function arrived(batch: readonly ModelEvent[]): void | Promise<void> {
    isHeldBack = true;
    return count(batch);
  }

  /** What was set aside stays counted, which is never too little. */
  function notSettled(error: unknown): void {
    if (observer === undefined) return;
    observeSafely(observer, { name: "budget.settle_failed", level: 17, tenant, attributes: {}, error });
  }

  const budgetedCall: PipelineCall = { ...call, arrived };
  return watchStream({
    open() {
      const outputTokens = Math.ceil(expected * headroom);
      const reserving = reserveFirst(budget, held, { inputTokens, outputTokens });
      return reserving === undefined ? next(budgetedCall) : reserving.then(() => next(budgetedCall));
    },
    seen: (batch) => (isHeldBack ? undefined : count(batch)),
    ended() {
      try {
        const said = { inputTokens, outputTokens: Math.ceil(saidTokens) };
        return held.settle(usedBy(call, said))?.catch(notSettled);
      } catch (error) {
        return notSettled(error);
      }
    },
  });
}

interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Undefined when it is done at once. */
function reserveFirst(budget: Budgeted, held: HeldBudget, tokens: Tokens): Promise<void> | undefined {
  const amounts = amountsOf(budget, tokens);
  const { call, options } = budget;
  const { signal } = call.context;
  const check = (refusal: BudgetRefusal | undefined): void => {
    if (refusal !== undefined) throw exceeded(refusal, (options.now ?? Date.now)());
  };
  const failed = (error: unknown): never => {
    signal.throwIfAborted();
    throw unavailable(error);
  };
  let answer: ReturnType<HeldBudget["reserve"]>;
  try {
    answer = held.reserve(amounts);
  } catch (error) {
    return failed(error);
  }
  if (answer instanceof Promise) return untilAborted(answer, signal).then(check, failed);
  check(answer);
  return undefined;
}

/** @throws TauError `budget.unknown_price` */
function amountsOf({ call, accounts, options }: Budgeted, tokens: Tokens): Amounts {
  const { inputTokens, outputTokens } = tokens;
  const cost = dearestCost(call.candidates, inputTokens, outputTokens);
  if (cost === undefined && options.allowUnknownPrice !== true && limitsMoney(accounts)) {
    throw new TauError(
      "budget.unknown_price",
      `Money is limited, but the price of model "${call.model.id}" of provider "${call.model.provider}", or of one that may answer in its place, is not known. Give it a price, or set allowUnknownPrice.`,
    );
  }
  return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd: cost ?? 0 };
}

function limitsMoney(accounts: readonly BudgetAccount[]): boolean {
  return accounts.some(({ limits }) => limits.some(({ costMicroUsd }) => costMicroUsd !== undefined));
}

/** What the provider says that it took; an estimate of what was said where it does not say so, or nonsense. */
function usedBy({ record, candidates }: PipelineCall, said: Tokens): Amounts {
  if (record.cacheHit || record.attempts.length === 0) return noAmounts;
  const usage = record.attempts.at(-1)?.usage;
  if (usage !== undefined && isTold(usage)) {
    const { inputTokens, outputTokens } = usage;
    const costMicroUsd = costOfCall({ usage }, record) ?? 0;
    return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd };
  }
  if (!hasBegun(record)) return { ...noAmounts, requests: 1 };
  const { inputTokens, outputTokens } = said;
  const whoever = record.answeredBy === undefined ? candidates : [record.answeredBy];
  const costMicroUsd = dearestCost(whoever, inputTokens, outputTokens) ?? 0;
  return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd };
}

/** Some servers say nothing of what an answer took. */
function isTold(usage: Usage): boolean {
  return isUsage(usage) && usage.inputTokens + usage.outputTokens > 0;
}

/** An answer that began was read by the model, and is billed. */
function hasBegun({ attempts }: CallRecord): boolean {
  return attempts.some(({ firstBatchMs }) => firstBatchMs !== undefined);
}

function unavailable(cause: unknown): TauError {
  return new TauError(
    "budget.unavailable",
    "The budget could not be checked, so nothing was asked. Ask again.",
    { class: "retryable", cause },
  );
}

function exceeded({ account, window, metric, limit, taken }: BudgetRefusal, at: number): TauError {
  const names = { requests: "requests", tokens: "tokens", costMicroUsd: "micro-USD" } as const;
  const [scope = account] = account.split("/");
  const end = windowEnd(window, at);
  const span = window === "ever" ? "in all" : `a ${window}`;
  const wait = end === undefined ? "Raise the limit" : "Wait until the window ends, or raise the limit";
  return new TauError(
    "budget.exceeded",
    `The call does not fit into the budget of this ${scope}: ${limit} ${names[metric]} ${span}, of which ${taken} are taken. ${wait}.`,
    {
      class: end === undefined ? "permanent" : "rate_limited",
      details: { scope, window, metric, limit, taken },
      ...(end === undefined ? {} : { retryAfterMs: end - at }),
    },
  );
}

function cut(): TauError {
  return new TauError(
    "budget.cut",
    "The answer was cut: it grew to 120 % of what was set aside for it, and the budget has no room for more. Raise the limit, or set maxOutputTokens.",
  );
}
