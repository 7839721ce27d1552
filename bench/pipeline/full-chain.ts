import { createHash } from "node:crypto";

import type { Model } from "@tau/agent";
import { createCallContext } from "@tau/core";
import type { CallContext, Principal } from "@tau/core";
import {
  createMemoryBudgetLedger,
  createMemoryCallEvents,
  createScopePolicy,
  createTokenAuthenticator,
  defaultChain,
  withLayers,
} from "@tau/pipeline";
import type { Layer, Pipeline } from "@tau/pipeline";

const token = "bench-token";
const principal: Principal = { id: "bench", kind: "service", scopes: ["models"] };

/** Who calls in the benchmark: somebody with a credential that the chain checks. */
export function benchContext(): CallContext {
  return createCallContext({
    tenant: "bench",
    principal,
    credential: { scheme: "bearer", reveal: () => token },
  });
}

/**
 * All ten layers, each at work, from the outside in: who calls is found out by a token, may by a scope, is charged to
 * three limits; answers are looked through for secrets, keyed, kept and told to an observer and a store in memory; prompts
 * are guarded, routed, retried and broken.
 */
export function fullLayers(model: Model): readonly Layer[] {
  const sha256 = createHash("sha256").update(token).digest("hex");
  const limits = [{ window: "day", requests: 1e9, tokens: 1e15, costMicroUsd: 1e15 }] as const;
  return defaultChain({
    telemetry: { observer: () => undefined, events: forgetful() },
    auth: { authenticator: createTokenAuthenticator([{ sha256, tenant: "bench", principal }]) },
    iam: { policy: createScopePolicy([{ effect: "allow", scope: "models", resources: ["model:*"] }]) },
    budget: { ledger: createMemoryBudgetLedger(), limits: { tenant: limits, principal: limits } },
    routing: { candidates: [model, { ...model, id: `${model.id}-spare` }] },
  }).layers;
}

/** The layers of {@link fullLayers} around a model. */
export function fullChain(model: Model): Pipeline {
  return withLayers(model, ...fullLayers(model));
}

/** A store whose memory does not grow with the benchmark. */
function forgetful(): ReturnType<typeof createMemoryCallEvents> {
  return { ...createMemoryCallEvents(), append: async () => undefined };
}
