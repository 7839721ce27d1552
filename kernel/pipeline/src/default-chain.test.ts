import { TauError } from "@tau/core";
import type { Authenticator, Credential, Principal } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createMemoryCircuits } from "./breaker/memory-circuits.ts";
import type { BudgetLedger } from "./budget/budget-ledger.ts";
import { createMemoryBudgetLedger } from "./budget/memory-ledger.ts";
import { defaultChain } from "./default-chain.ts";
import type { DefaultChain } from "./default-chain.ts";
import { createScopePolicy } from "./iam/scope-policy.ts";
import { layerOrder } from "./layer-order.ts";
import { withLayers } from "./pipeline.ts";
import { contextOf, hello, playing, question } from "./pipeline.test.support.ts";
import { createMemoryCallEvents } from "./telemetry/memory-call-events.ts";
import { describeLayer } from "./testing/describe-layer.ts";
import { notEmpty } from "./validation/text-validators.ts";

const grace: Principal = { id: "grace", kind: "person", scopes: ["models"] };
const credential: Credential = { scheme: "bearer", reveal: () => "right" };
const authenticator: Authenticator = {
  authenticate: ({ reveal }) => (reveal() === "right" ? { tenant: "contract", principal: grace } : undefined),
};
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };

/** Counts what is set aside and not settled. */
function counted(ledger: BudgetLedger): { readonly ledger: BudgetLedger; readonly held: () => number } {
  const held = new Set<string>();
  return {
    held: () => held.size,
    ledger: {
      ...ledger,
      async reserve(reservation) {
        const refusal = await ledger.reserve(reservation);
        if (refusal === undefined) held.add(reservation.id);
        return refusal;
      },
      async settle(tenant, id, used) {
        await ledger.settle(tenant, id, used);
        held.delete(id);
      },
    },
  };
}

/** All ten layers, and what they hold. */
function whole(): { readonly chain: DefaultChain; readonly held: () => number } {
  const { ledger, held } = counted(createMemoryBudgetLedger());
  const circuits = createMemoryCircuits();
  const chain = defaultChain({
    telemetry: { events: createMemoryCallEvents(), observer: () => undefined },
    auth: { authenticator },
    iam: { policy: createScopePolicy([{ effect: "allow", scope: "models", resources: ["model:*"] }]) },
    budget: { ledger, limits: { tenant: [{ window: "day", costMicroUsd: 1_000_000 }] } },
    validation: { validators: [notEmpty()], redaction: true },
    guard: { slow: { classifier: { classify: async () => ({ score: 0 }) } } },
    retry: { wait: async () => undefined },
    breaker: { circuits },
  });
  const probes = (): number => circuits.stateOf("cut\ncut-1").probesHeld;
  return { chain, held: () => (chain.telemetry?.pending() ?? 0) + held() + probes() };
}

describe("defaultChain()", () => {
  test("makes all ten layers in their order when each has what it needs", () => {
    expect(whole().chain.layers.map(({ name }) => name)).toEqual(layerOrder);
  });

  test("leaves out what has nobody to ask, and what is switched off", () => {
    expect(defaultChain().layers.map(({ name }) => name)).toEqual([
      "telemetry",
      "validation",
      "cache",
      "guard",
      "routing",
      "retry",
      "breaker",
    ]);
    expect(
      defaultChain({ cache: false, guard: false, telemetry: false }).layers.map(({ name }) => name),
    ).toEqual(["validation", "routing", "retry", "breaker"]);
  });

  test("answers, tells, charges and keeps, all together", async () => {
    const { chain } = whole();
    const played = playing([[new TauError("model.overloaded", "Busy.", { class: "retryable" })], hello], {
      price,
    });
    const pipeline = withLayers(played.model, ...chain.layers);
    const context = contextOf({ tenant: "contract", credential });
    const request = { ...question, temperature: 0 };
    const first = await pipeline.complete(request, context);
    const second = await pipeline.complete(request, context);

    expect(first).toMatchObject({
      costMicroUsd: 20,
      telemetry: { cacheHit: false, retryCount: 1 },
      validationSummary: { outcomes: [{ validator: "not_empty", outcome: "pass" }] },
    });
    expect(second).toMatchObject({ message: first.message, costMicroUsd: 0, telemetry: { cacheHit: true } });
    expect(second.telemetry.layers.map(({ name }) => name)).toEqual(layerOrder.slice(0, 6));
    expect(played.calls()).toBe(2);
  });
});

describeLayer("defaultChain() with all ten layers", () => {
  const { chain, held } = whole();
  return { layers: chain.layers, held, context: { credential } };
});

describeLayer("defaultChain() with all ten layers and a cache that shares answers", () => {
  const { chain, held } = whole();
  return { layers: chain.layers, held, context: { credential }, request: { temperature: 0 } };
});
