import type { Model } from "@tau/agent";
import { TauError } from "@tau/core";
import type { ModelEvent, ServiceTier, Usage } from "@tau/core";

import type { CallRecord } from "../call-record.ts";
import { isUsage } from "../is-usage.ts";
import type { Handler, ModelStream } from "../layer.ts";
import { observeSafely } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { dearestOf } from "../services-of.ts";
import { untilAborted } from "../until-aborted.ts";
import { isCount, noAmounts } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import type { BudgetAccount, BudgetRefusal } from "./budget-ledger.ts";
import type { BudgetLayerOptions } from "./budget-options.ts";
import { budgetUnavailable } from "./budget-unavailable.ts";
import { windowEnd } from "./budget-window.ts";
import { dearestCost, estimateInputTokens, estimateOutputTokens } from "./estimate-call.ts";
import { HeldBudget } from "./held-budget.ts";

/** An answer may grow to this much of what was expected; that much is set aside. */
const headroom = 1.2;
/** More is set aside when this much of what is held was said. */
const growAt = 0.8;

/** A call, and what it is charged to. */
interface Budgeted {
  readonly call: PipelineCall;
  readonly accounts: readonly BudgetAccount[];
  readonly options: BudgetLayerOptions;
}

/** What one call holds and says while it streams. */
export class BudgetWatch {
  readonly #budget: Budgeted;
  readonly #next: Handler;
  readonly #held: HeldBudget;
  readonly #inputTokens: number;
  readonly #expected: number;
  #heldOutput: number;
  #saidTokens = 0;
  #isHeldBack = false;
  #growing: Promise<boolean> | undefined;

  constructor(budget: Budgeted, next: Handler) {
    const { call, accounts, options } = budget;
    const { maxOutputTokens } = call.request;
    this.#budget = budget;
    this.#next = next;
    const { ledger, now = Date.now } = options;
    this.#held = new HeldBudget({ id: call.record.id, ledger, tenant: call.context.tenant, accounts, now });
    this.#inputTokens = estimateInputTokens(call.request);
    // A limit that is none is the provider's to refuse; here it must not set aside less than nothing.
    this.#expected = isCount(maxOutputTokens) ? maxOutputTokens : (options.expectedOutputTokens ?? 2048);
    this.#heldOutput = this.#expected;
  }

  open(): ModelStream | Promise<ModelStream> {
    const outputTokens = Math.ceil(this.#expected * headroom);
    const reserving = reserveFirst(this.#budget, this.#held, {
      inputTokens: this.#inputTokens,
      outputTokens,
    });
    return reserving === undefined ? this.#ask() : reserving.then(() => this.#ask());
  }

  seen(batch: readonly ModelEvent[]): void | Promise<void> {
    return this.#isHeldBack ? undefined : this.#count(batch);
  }

  ended(): void | Promise<void> {
    const { call } = this.#budget;
    try {
      const said = { inputTokens: this.#inputTokens, outputTokens: Math.ceil(this.#saidTokens) };
      return this.#held.settle(usedBy(call, said))?.catch((error: unknown) => this.#notSettled(error));
    } catch (error) {
      return this.#notSettled(error);
    }
  }

  #ask(): ModelStream {
    const arrived = (batch: readonly ModelEvent[]): void | Promise<void> => {
      this.#isHeldBack = true;
      return this.#count(batch);
    };
    return this.#next({ ...this.#budget.call, arrived });
  }

  /** @throws TauError `budget.cut` */
  #count(batch: readonly ModelEvent[]): void | Promise<void> {
    const { cacheHit, cacheLevel } = this.#budget.call.record;
    if (cacheHit && cacheLevel !== "flight") return undefined;
    this.#saidTokens += estimateOutputTokens(batch);
    // Who shares an answer has to pay for it only when whoever began it leaves.
    if (cacheHit || this.#saidTokens <= this.#heldOutput * growAt) return undefined;
    // What is whole is paid for already: cutting it would save nothing.
    if (batch.at(-1)?.type === "finished") return undefined;
    if (this.#saidTokens > this.#heldOutput * headroom) return this.#growOrCut();
    this.#growing ??= this.#grow();
    return undefined;
  }

  #grow(): Promise<boolean> {
    const tokens = Math.max(this.#expected, Math.ceil(this.#saidTokens - this.#heldOutput));
    const more = amountsOf(this.#budget, { inputTokens: 0, outputTokens: Math.ceil(tokens * headroom) });
    return this.#held.grow({ ...more, requests: 0 }).then((isGranted) => {
      if (isGranted) this.#heldOutput += tokens;
      this.#growing = undefined;
      return isGranted;
    });
  }

  /** An answer that comes faster than the ledger answers waits for it; only a refusal cuts. */
  async #growOrCut(): Promise<void> {
    while (this.#saidTokens > this.#heldOutput * headroom) {
      this.#growing ??= this.#grow();
      if (!(await this.#growing)) throw cut();
    }
  }

  /** What was set aside stays counted, which is never too little. */
  #notSettled(error: unknown): void {
    const { options, call } = this.#budget;
    if (options.observer === undefined) return;
    const { tenant } = call.context;
    observeSafely(options.observer, {
      name: "budget.settle_failed",
      level: 17,
      tenant,
      attributes: {},
      error,
    });
  }
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
    if (refusal !== undefined) throw exceeded(refusal, amounts, (options.now ?? Date.now)());
  };
  const failed = (error: unknown): never => {
    signal.throwIfAborted();
    throw budgetUnavailable(error);
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
  const { services } = call.record;
  const { costMicroUsd, unknown } = dearestCost(call.candidates, { inputTokens, outputTokens, services });
  if (unknown !== undefined && options.allowUnknownPrice !== true && limitsMoney(accounts)) {
    throw unknownPrice(unknown.model, unknown.service);
  }
  return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd };
}

function unknownPrice({ id, provider }: Model, service: ServiceTier | undefined): TauError {
  const model = `model "${id}" of provider "${provider}"`;
  const message =
    service === undefined
      ? `the price of ${model} is not known. Give it a price`
      : `what ${model} costs in the service "${service}" is not known, and the request names it in its providerOptions. Leave it out, give the price a tier for it`;
  return new TauError("budget.unknown_price", `Money is limited, but ${message}, or set allowUnknownPrice.`);
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
    const price = record.answeredBy?.price;
    const costMicroUsd = price === undefined ? 0 : dearestOf(usage, price, record.services);
    return { requests: 1, tokens: inputTokens + outputTokens, costMicroUsd };
  }
  if (!hasBegun(record)) return { ...noAmounts, requests: 1 };
  const { inputTokens, outputTokens } = said;
  const whoever = record.answeredBy === undefined ? candidates : [record.answeredBy];
  const { services } = record;
  const { costMicroUsd } = dearestCost<Pick<Model, "price">>(whoever, {
    inputTokens,
    outputTokens,
    services,
  });
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

function exceeded(refusal: BudgetRefusal, wanted: Amounts, at: number): TauError {
  const { account, window, metric, limit, taken } = refusal;
  const names = { requests: "requests", tokens: "tokens", costMicroUsd: "micro-USD" } as const;
  const [scope = account] = account.split("/");
  const needed = wanted[metric];
  const span = window === "ever" ? "in all" : `a ${window}`;
  // A window that is empty has no room either: whoever waited for one would wait for ever.
  const end = needed <= limit ? windowEnd(window, at) : undefined;
  return new TauError(
    "budget.exceeded",
    `The call does not fit into the budget of this ${scope}: ${limit} ${names[metric]} ${span}, of which ${taken} are taken. ${remedyFor(refusal, needed)}.`,
    {
      class: end === undefined ? "permanent" : "rate_limited",
      details: { scope, window, metric, limit, taken, needed },
      ...(end === undefined ? {} : { retryAfterMs: end - at }),
    },
  );
}

function remedyFor({ window, metric, limit }: BudgetRefusal, needed: number): string {
  if (needed <= limit)
    return window === "ever" ? "Raise the limit" : "Wait until the window ends, or raise the limit";
  const less = metric === "requests" ? "" : ", or ask for less: a lower maxOutputTokens, a shorter prompt";
  return `This call alone needs ${needed}. Raise the limit${less}`;
}

function cut(): TauError {
  return new TauError(
    "budget.cut",
    "The answer was cut: it grew to 120 % of what was set aside for it, and the budget has no room for more. Raise the limit, or set maxOutputTokens.",
  );
}
