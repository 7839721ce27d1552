import type { CallContext } from "@tau/core";

/** The context of a contract's calls; nobody aborts it unless a signal is given. */
export function testContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return {
    tenant: "contract",
    principal: { id: "contract", kind: "service", scopes: [] },
    traceId: "0".repeat(32),
    signal,
  };
}
