import { performance } from "node:perf_hooks";

import { Circuit } from "./circuit.ts";
import type { CircuitState } from "./circuit.ts";
import type { CircuitPolicy, Circuits } from "./circuits.ts";

/** Circuits kept at once: names come from configurations and tenants. The one used longest ago goes first. */
const maxCircuits = 10_000;

/** Options of {@link createMemoryCircuits}. */
export interface MemoryCircuitsOptions extends CircuitPolicy {
  /** Milliseconds from any beginning, never going back. */
  readonly now?: () => number;
  readonly onChange?: (circuit: string, state: CircuitState) => void;
}

/** Circuits of this process, and a look at them. */
export interface MemoryCircuits extends Circuits {
  stateOf(circuit: string): { readonly state: CircuitState; readonly probesHeld: number };
}

/** Makes {@link Circuits} for one process. */
export function createMemoryCircuits(options: MemoryCircuitsOptions = {}): MemoryCircuits {
  const { now = () => performance.now(), onChange } = options;
  const policy: Required<CircuitPolicy> = {
    failureRatio: options.failureRatio ?? 0.5,
    minRequests: options.minRequests ?? 20,
    windowMs: options.windowMs ?? 60_000,
    openMs: options.openMs ?? 30_000,
    probes: options.probes ?? 3,
    probeTimeoutMs: options.probeTimeoutMs ?? 300_000,
  };
  const circuits = new Map<string, Circuit>();

  function use(name: string): Circuit {
    const known = circuits.get(name);
    if (known !== undefined && circuits.size < maxCircuits) return known;
    // Near the limit the order of use is kept, so that what is used stays.
    if (known !== undefined) circuits.delete(name);
    const oldest = circuits.size >= maxCircuits ? circuits.keys().next().value : undefined;
    if (oldest !== undefined) circuits.delete(oldest);
    const circuit = known ?? new Circuit(policy);
    circuits.set(name, circuit);
    return circuit;
  }

  function watched<Result>(name: string, circuit: Circuit, act: () => Result): Result {
    const before = circuit.state;
    const result = act();
    if (circuit.state !== before) onChange?.(name, circuit.state);
    return result;
  }

  return {
    enter(name) {
      const circuit = use(name);
      const entered = watched(name, circuit, () => circuit.enter(now()));
      if ("retryAfterMs" in entered) return entered;
      return { circuit: name, id: entered.permit, isProbe: entered.isProbe };
    },

    leave(permit, outcome) {
      const circuit = circuits.get(permit.circuit);
      if (circuit !== undefined)
        watched(permit.circuit, circuit, () => circuit.leave(permit.id, outcome, now()));
    },

    stateOf(name) {
      const circuit = circuits.get(name);
      return { state: circuit?.state ?? "closed", probesHeld: circuit?.probesHeld ?? 0 };
    },
  };
}
