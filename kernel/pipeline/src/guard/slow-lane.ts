import { TauError } from "@tau/core";

import { newTextsOf } from "./new-texts.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { untilAborted } from "../until-aborted.ts";
import type { GuardFacts } from "./guard-facts.ts";
import type { PromptClassifier, PromptRating } from "./prompt-classifier.ts";

/** Options of the lane that runs beside the call. */
export interface SlowLaneOptions {
  readonly classifier: PromptClassifier;
  /** From this score on a prompt is unsafe. Default 0.85. */
  readonly threshold?: number;
  /**
   * `beside`: the model is asked at once; its answer streams, and only its last event waits for the verdict.
   * `before`: the model is asked when the verdict is there. Default: beside.
   */
  readonly mode?: "beside" | "before";
  /** No verdict after so long is a failure of the lane. Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** What a failure of the lane does to the call. Default `pass`, which is noted and observed. */
  readonly onFailure?: "pass" | "block";
}

/** One classification on its way. */
export interface Classification extends Disposable {
  /** Passed on to everything inside: aborts with the caller's signal, and with the error when the prompt is unsafe. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the call may go on.
   *
   * @throws TauError `guard.blocked`, `guard.unavailable`
   */
  readonly verdict: Promise<void>;
}

/** Starts to classify the prompt of a call; disposing of it ends that. */
export function startClassification(
  call: PipelineCall,
  facts: GuardFacts,
  options: SlowLaneOptions & { readonly failed: (error: unknown) => void },
): Classification {
  const { classifier, threshold = 0.85, timeoutMs = 5000, onFailure = "pass" } = options;
  const { context, request } = call;
  const inner = new AbortController();
  const lane = new AbortController();
  const giveUp = (): void => {
    inner.abort(context.signal.reason);
    lane.abort(context.signal.reason);
  };
  if (context.signal.aborted) giveUp();
  context.signal.addEventListener("abort", giveUp, { once: true });
  const timer = setTimeout(() => lane.abort(new Error(`no verdict after ${timeoutMs} ms`)), timeoutMs);
  facts.slowLane = "running";

  async function classify(): Promise<void> {
    let rating: PromptRating;
    try {
      const prompt = { tenant: context.tenant, texts: newTextsOf(request.messages), request };
      rating = checkRating(await untilAborted(classifier.classify(prompt, lane.signal), lane.signal));
    } catch (error) {
      if (facts.slowLane === "unfinished" || context.signal.aborted) return;
      facts.slowLane = "failed";
      options.failed(error);
      if (onFailure === "block") throw unavailable(error);
      return;
    } finally {
      clearTimeout(timer);
    }
    facts.score = rating.score;
    facts.slowLane = rating.score >= threshold ? "unsafe" : "safe";
    if (facts.slowLane === "safe") return;
    const name = `classifier:${(rating.label ?? "unsafe").slice(0, 40)}`;
    facts.findings.push({ name, where: "prompt", action: "blocked" });
    throw blocked([name]);
  }

  const verdict = classify();
  // Whoever reads the stream hears of it there; whoever waits for the verdict, here.
  verdict.catch((error: unknown) => inner.abort(error));
  return {
    signal: inner.signal,
    verdict,
    [Symbol.dispose]() {
      if (facts.slowLane === "running") facts.slowLane = "unfinished";
      context.signal.removeEventListener("abort", giveUp);
      clearTimeout(timer);
      lane.abort(new Error("The call is over."));
    },
  };
}

/** The error of a call whose prompt the guard does not let pass. */
export function blocked(names: readonly string[]): TauError {
  return new TauError(
    "guard.blocked",
    `The prompt was blocked: ${[...new Set(names)].join(", ")}. Change the prompt, or the guard's rules if they are wrong.`,
    { details: { findings: [...new Set(names)] } },
  );
}

function unavailable(cause: unknown): TauError {
  return new TauError(
    "guard.unavailable",
    "The prompt could not be judged, so the call was not made. Ask again later.",
    { class: "retryable", cause },
  );
}

function checkRating(rating: PromptRating): PromptRating {
  if (rating.score >= 0 && rating.score <= 1) return rating;
  throw new RangeError("The classifier's score is not a number from 0 to 1.");
}
