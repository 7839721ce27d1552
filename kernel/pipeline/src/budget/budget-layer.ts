import { TauError } from "@tau/core";
import type { Observer } from "@tau/core";

import type { CallRecord } from "../call-record.ts";
import type { Layer, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { costOfCall } from "../pipeline-response.ts";
import { watchStream } from "../watch-stream.ts";
import type { StreamEnd } from "../watch-stream.ts";
import { noAmounts } from "./amounts.ts";
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
      return budgeted({ call, accounts, options }, () => next(call));
    },
  };
}

interface Budgeted {
  readonly call: PipelineCall;
  readonly accounts: readonly BudgetAccount[];
  readonly options: BudgetLayerOptions;
}

function budgeted(budget: Budgeted, open: () => ModelStream): ModelStream {
  const { call, accounts, options } = budget;
  const { ledger, observer, now = Date.now } = options;
  const { tenant } = call.context;
  const held = new HeldBudget({ ledger, tenant, accounts, now });
  const inputTokens = estimateInputTokens(call.request);
  const expected = call.request.maxOutputTokens ?? options.expectedOutputTokens ?? 2048;
  let heldOutput = expected;
  let saidTokens = 0;

  return watchStream({
    async open() {
      await reserveFirst(budget, held, { inputTokens, outputTokens: Math.ceil(expected * headroom) });
      return open();
    },
    seen(batch) {
      if (call.record.cacheHit) return;
      saidTokens += estimateOutputTokens(batch);
      if (saidTokens <= heldOutput * growAt) return;
      if (saidTokens > heldOutput * headroom) throw cut();
      const more = amountsOf(budget, { inputTokens: 0, outputTokens: Math.ceil(expected * headroom) });
      held.grow({ ...more, requests: 0 }, () => (heldOutput += expected));
    },
    async ended(end) {
      const used = usedBy(budget, end, { inputTokens, outputTokens: Math.ceil(saidTokens) });
      try {
        await held.settle(used);
      } catch (error) {
        // Stays counted as set aside, which is never too little.
        observer?.({ name: "budget.settle_failed", level: 17, tenant, attributes: {}, error });
      }
    },
  });
}

interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

async function reserveFirst(budget: Budgeted, held: HeldBudget, tokens: Tokens): Promise<void> {
  const amounts = amountsOf(budget, tokens);
  let refusal: BudgetRefusal | undefined;
  try {
    refusal = await held.reserve(amounts);
  } catch (error) {
    throw new TauError(
      "budget.unavailable",
      "The budget could not be checked, so nothing was asked. Ask again.",
      {
        class: "retryable",
        cause: error,
      },
    );
  }
  if (refusal !== undefined) throw exceeded(refusal, (budget.options.now ?? Date.now)());
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

function usedBy({ call }: Budgeted, end: StreamEnd, said: Tokens): Amounts {
  const { record } = call;
  if (record.cacheHit || record.attempts.length === 0) return noAmounts;
  if (end.kind === "finished") {
    const { usage } = end.event;
    return {
      requests: 1,
      tokens: usage.inputTokens + usage.outputTokens,
      costMicroUsd: costOfCall(end.event, record) ?? 0,
    };
  }
  if (!hasBegun(record)) return { ...noAmounts, requests: 1 };
  const { inputTokens, outputTokens } = said;
  const cost = dearestCost([call.model], inputTokens, outputTokens) ?? 0;
  return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd: cost };
}

/** An answer that began was read by the model, and is billed. */
function hasBegun({ attempts }: CallRecord): boolean {
  return attempts.some(({ firstBatchMs }) => firstBatchMs !== undefined);
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
