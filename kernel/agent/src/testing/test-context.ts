import type { CallContext } from "@tau/core";

/** The context of a test's calls; nobody aborts it unless a signal is given. */
export function testContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return {
    tenant: "test",
    principal: { id: "tester", kind: "person", scopes: [] },
    traceId: "0".repeat(32),
    signal,
  };
}
