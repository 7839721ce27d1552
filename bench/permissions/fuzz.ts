import { createRandom, generateCall, generatePolicy } from "./generate.ts";
import type { ModelCall, ModelPolicy } from "./model.ts";
import { mayAllow } from "./oracle.ts";
import { toPolicy, toRequest } from "./render.ts";

/** What a fuzz run found. */
export interface FuzzReport {
  readonly inputs: number;
  /** Inputs that the engine allowed. */
  readonly allowed: number;
  /** Inputs that the oracle would allow and the engine did not: caution, or a rule that means less than it says. */
  readonly stricter: number;
  /** Inputs that the engine allowed and the oracle does not; must be none. */
  readonly wrong: readonly { readonly policy: ModelPolicy; readonly call: ModelCall }[];
}

const callsPerPolicy = 200;

/** Compares the engine with the oracle on `inputs` pairs of a policy and a call; the same seed gives the same pairs. */
export function fuzzPolicies(inputs: number, seed: number, onProgress?: (done: number) => void): FuzzReport {
  const random = createRandom(seed);
  const wrong: FuzzReport["wrong"][number][] = [];
  let [allowed, stricter, done] = [0, 0, 0];
  while (done < inputs) {
    const policy = generatePolicy(random);
    const engine = toPolicy(policy);
    for (let left = Math.min(callsPerPolicy, inputs - done); left > 0; left--, done++) {
      const call = generateCall(random);
      const isAllowed = engine.decide(toRequest(call)).decision === "allow";
      const may = mayAllow(policy, call);
      if (isAllowed) allowed++;
      if (may && !isAllowed) stricter++;
      if (isAllowed && !may) wrong.push({ policy, call });
    }
    onProgress?.(done);
  }
  return { inputs: done, allowed, stricter, wrong };
}
