import type { Credential } from "./credential.ts";
import { assertTenant, newTraceId } from "./id.ts";
import { createAbortSource } from "./on-abort.ts";
import type { Principal } from "./principal.ts";

/**
 * Who calls, for whom, and until when. Passed explicitly to everything that acts; there is no default.
 */
export interface CallContext {
  /** Whose data it is. Every key, row, path and label starts with it. See {@link assertTenant}. */
  readonly tenant: string;
  readonly principal: Principal;
  /** W3C trace id: 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  readonly sessionId?: string;
  /** Ids of the run and of the runs above it, outermost first: what a child spends counts for all of them. */
  readonly runPath?: readonly string[];
  /** Aborts when the caller gives up; reaches model, tools and children. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch after which nobody waits for the answer any more. */
  readonly deadline?: number;
  /** What the caller showed, until somebody has checked it: who does takes it out. */
  readonly credential?: Credential;
}

/**
 * Makes a {@link CallContext} where a call begins: checks the tenant, and fills in a new trace id and a signal
 * that never aborts where none is given.
 *
 * @throws TauError `context.invalid_tenant`
 */
export function createCallContext(
  call: Pick<CallContext, "tenant" | "principal"> & Partial<CallContext>,
): CallContext {
  assertTenant(call.tenant);
  // Spread first, which is fast, and nothing made in vain: a signal is dear.
  return {
    ...call,
    traceId: call.traceId ?? newTraceId(),
    signal: call.signal ?? createAbortSource().signal,
  };
}
