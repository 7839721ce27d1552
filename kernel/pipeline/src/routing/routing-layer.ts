import type { Model } from "@tau/agent";
import type { TauError } from "@tau/core";

import type { Handler, Layer, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { watchStream } from "../watch-stream.ts";
import type { Candidate, RoutingPolicy } from "./candidate.ts";
import { CandidateTurns } from "./candidate-turns.ts";
import type { TurnOptions } from "./candidate-turns.ts";
import { planCandidates } from "./plan-candidates.ts";
import { listedOrder } from "./policies.ts";
import { QuotaPools } from "./quota-pools.ts";

/** Options of {@link routingLayer}. */
export interface RoutingOptions {
  /** Who may answer. Default: the pipeline's own model only. */
  readonly candidates?: readonly (Candidate | Model)[];
  /** Default: as they are listed. */
  readonly policy?: RoutingPolicy;
  /** What an ability counts as of which nobody knows. Default `allow`: the provider will say. */
  readonly unknown?: "allow" | "deny";
  /** Whether to ask the next candidate after this failure. Default: {@link movesOnByDefault}. */
  readonly movesOn?: (error: TauError) => boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Chooses who answers, and asks the next candidate when one fails before its first word. Candidates that cannot do
 * what the request needs are not asked; when none is left, the error holds every one's reasons.
 *
 * When all that were asked failed, the failure of the first that was really asked is thrown; the others are in
 * `record.skipped` and `record.attempts`. Retry and breaker stand inside, once for every candidate.
 *
 * @throws TauError (from the stream) `model.no_compatible_candidate`
 */
export function routingLayer(options: RoutingOptions = {}): Layer {
  const { policy = listedOrder(), unknown = "allow", movesOn = movesOnByDefault, now = Date.now } = options;
  const listed = options.candidates?.map(toCandidate);
  const pools = new QuotaPools(now);
  const byModel = new Map(listed?.map((candidate) => [candidate.model, candidate]));
  const candidateOf = (model: Model): Candidate => byModel.get(model) ?? { model };

  let planned: readonly Model[] = [];
  const turnOptions: TurnOptions = { policy, pools, movesOn, now, candidateOf };

  function inTurn(next: Handler, call: PipelineCall): ModelStream {
    const turns = new CandidateTurns(next, call, turnOptions);
    return watchStream({
      open: () => turns.ask(),
      instead: (error) => turns.askAfter(error),
      ...(policy.learn === undefined ? {} : { seen: () => turns.begun() }),
    });
  }

  /** Nobody to choose from and nothing to learn: the stream passes as it is. */
  const isAlone = (listed?.length ?? 1) === 1 && policy.learn === undefined;

  return {
    name: "routing",
    wrap: (next) => (call) => (isAlone && call.candidates.length > 0 ? next(call) : inTurn(next, call)),
    candidates(call) {
      const candidates = listed ?? [{ model: call.model }];
      const models = planCandidates(call, { candidates, policy, unknown, pools }).map(({ model }) => model);
      // The same list again lets others remember what they made of it.
      if (models.length !== planned.length || models.some((model, index) => model !== planned[index])) {
        planned = models;
      }
      return planned;
    },
  };
}

/**
 * Another provider may do better after everything that is the provider's own trouble: it is busy, broken, out of
 * reach, of credit or of quota, refuses its key, does not know the model or reads less. Not after a request that is
 * wrong everywhere, nor after a filter's refusal: asking elsewhere would be a way around it.
 */
export function movesOnByDefault(error: TauError): boolean {
  if (error.class === "retryable" || error.class === "rate_limited" || error.class === "auth") return true;
  return othersMayDo.has(error.code);
}

const othersMayDo: ReadonlySet<string> = new Set([
  "model.payment_required",
  "model.not_found",
  "model.redirected",
  "model.context_too_long",
  "model.unsupported_content",
  "model.too_large",
]);

function toCandidate(listed: Candidate | Model): Candidate {
  return "stream" in listed ? { model: listed } : listed;
}
