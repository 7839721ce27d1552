import type { RetryPolicy } from "@tau/agent";

import { authLayer } from "./auth/auth-layer.ts";
import type { AuthOptions } from "./auth/auth-layer.ts";
import { breakerLayer } from "./breaker/breaker-layer.ts";
import type { BreakerOptions } from "./breaker/breaker-layer.ts";
import { budgetLayer } from "./budget/budget-layer.ts";
import type { BudgetLayerOptions } from "./budget/budget-options.ts";
import { createAnswerCache } from "./cache/answer-cache.ts";
import type { AnswerCache, AnswerCacheOptions } from "./cache/answer-cache.ts";
import { guardLayer } from "./guard/guard-layer.ts";
import type { GuardOptions } from "./guard/guard-layer.ts";
import { iamLayer } from "./iam/iam-layer.ts";
import type { IamOptions } from "./iam/iam-layer.ts";
import type { Layer } from "./layer.ts";
import { retryLayer } from "./retry-layer.ts";
import { routingLayer } from "./routing/routing-layer.ts";
import type { RoutingOptions } from "./routing/routing-layer.ts";
import { createTelemetry } from "./telemetry/create-telemetry.ts";
import type { Telemetry, TelemetryOptions } from "./telemetry/create-telemetry.ts";
import { validationLayer } from "./validation/validation-layer.ts";
import type { ValidationOptions } from "./validation/validation-layer.ts";

/** Options of {@link defaultChain}: what a layer is made with, or `false` to leave it out. */
export interface DefaultChainOptions {
  /** Default: tells nobody. */
  readonly telemetry?: TelemetryOptions | false;
  /** Left out without options: there is nobody to ask. */
  readonly auth?: AuthOptions | false;
  /** Left out without options. Without it nothing is kept in the cache, which needs to know the scopes. */
  readonly iam?: IamOptions | false;
  /** Left out without options: there is nothing to limit. */
  readonly budget?: BudgetLayerOptions | false;
  /** Default: secrets are cut out of answers. */
  readonly validation?: ValidationOptions | false;
  readonly cache?: AnswerCacheOptions | false;
  readonly guard?: GuardOptions | false;
  readonly routing?: RoutingOptions | false;
  readonly retry?: RetryPolicy | false;
  readonly breaker?: BreakerOptions | false;
}

/** Layers in their order. Disposing waits for what they are still writing. */
export interface DefaultChain extends AsyncDisposable {
  /** From the outside in: `withLayers(model, ...chain.layers)`. */
  readonly layers: readonly Layer[];
  readonly telemetry: Telemetry | undefined;
  readonly cache: AnswerCache | undefined;
}

/**
 * Makes all layers that can be made of the options, in their order. Those that need somebody to ask (auth, iam,
 * budget) are there when they are given one; all others unless they are `false`.
 */
export function defaultChain(options: DefaultChainOptions = {}): DefaultChain {
  const { auth = false, iam = false, budget = false } = options;
  const { validation = { redaction: true }, guard = {}, routing = {}, retry = {}, breaker = {} } = options;
  const telemetry = options.telemetry === false ? undefined : createTelemetry(options.telemetry);
  const cache = options.cache === false ? undefined : createAnswerCache(options.cache);
  const layers = [
    telemetry?.layer,
    auth !== false && authLayer(auth),
    iam !== false && iamLayer(iam),
    budget !== false && budgetLayer(budget),
    validation !== false && validationLayer(validation),
    cache?.layer,
    guard !== false && guardLayer(guard),
    routing !== false && routingLayer(routing),
    retry !== false && retryLayer(retry),
    breaker !== false && breakerLayer(breaker),
  ];
  return {
    layers: layers.filter((layer) => layer !== undefined && layer !== false),
    telemetry,
    cache,
    async [Symbol.asyncDispose]() {
      await cache?.[Symbol.asyncDispose]();
      await telemetry?.[Symbol.asyncDispose]();
    },
  };
}
