import type { Model, ModelRequest } from "@tau/agent";
import { isTauError, userText } from "@tau/core";
import type { CallContext, Usage } from "@tau/core";

/** One call, measured. Times in milliseconds. */
export interface BenchCall {
  /** From the request to the first piece of text or thinking; absent when the call failed, or said nothing. */
  readonly firstMs?: number;
  readonly totalMs: number;
  readonly usage?: Usage;
  /** Tokens a second, from the first piece to the end. */
  readonly tokensPerSecond?: number;
  /** The error's code when the call failed. */
  readonly failure?: string;
}

/** What is asked how often. */
export interface BenchPlan {
  readonly calls: number;
  readonly concurrency: number;
  readonly prompt: string;
  readonly maxOutputTokens: number;
}

/**
 * Asks a model the same again and again, some at once, and measures each call. Nothing is repeated: a call that
 * fails is one that failed.
 */
export async function* benchModel(
  model: Model,
  plan: BenchPlan,
  context: CallContext,
): AsyncGenerator<BenchCall> {
  const { calls, concurrency } = plan;
  const running = new Map<number, Promise<readonly [number, BenchCall]>>();
  for (let started = 0; started < calls || running.size > 0;) {
    while (started < calls && running.size < concurrency) {
      const number = started++;
      running.set(
        number,
        measureCall(model, plan, context).then((call) => [number, call] as const),
      );
    }
    const [number, call] = await Promise.race(running.values());
    running.delete(number);
    yield call;
  }
}

async function measureCall(model: Model, plan: BenchPlan, context: CallContext): Promise<BenchCall> {
  const request: ModelRequest = {
    messages: [userText(plan.prompt)],
    tools: [],
    maxOutputTokens: plan.maxOutputTokens,
  };
  const startedMs = performance.now();
  let firstMs: number | undefined;
  try {
    for await (const batch of model.stream(request, context)) {
      const nowMs = performance.now() - startedMs;
      if (batch.some(({ type }) => type === "text_delta" || type === "thinking_delta")) firstMs ??= nowMs;
      const last = batch.at(-1);
      if (last?.type === "finished") return answered(last.usage, firstMs, nowMs);
    }
    return { totalMs: performance.now() - startedMs, failure: "model.truncated" };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isTauError(error)) throw error;
    return { totalMs: performance.now() - startedMs, failure: error.code };
  }
}

function answered(usage: Usage, firstMs: number | undefined, totalMs: number): BenchCall {
  if (firstMs === undefined) return { totalMs, usage };
  // An answer that came in one piece has no rate.
  const seconds = (totalMs - firstMs) / 1_000;
  const rate = seconds > 0 && usage.outputTokens > 1 ? { tokensPerSecond: usage.outputTokens / seconds } : {};
  return { firstMs, totalMs, usage, ...rate };
}

/** Mean, median and 99th percentile of some numbers. */
export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** Undefined for no numbers. Percentiles by the nearest rank: each is one of the numbers. */
export function spreadOf(numbers: readonly number[]): Spread | undefined {
  if (numbers.length === 0) return undefined;
  const sorted = numbers.toSorted((one, other) => one - other);
  const rank = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
  return {
    mean: numbers.reduce((sum, number) => sum + number, 0) / numbers.length,
    p50: rank(0.5),
    p99: rank(0.99),
  };
}
