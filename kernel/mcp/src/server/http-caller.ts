import type { CallContext } from "@tau/core";

/** Finds out who makes an HTTP request; the signal of the answer is not used. Undefined: nobody who may. */
export type FindCaller = (request: Request) => Promise<CallContext | undefined>;

/** Tells callers apart by what they may do, too: two tokens of one caller may have different scopes. */
export function rightsKey(call: CallContext): string {
  return JSON.stringify([callerKey(call), call.principal.scopes.toSorted()]);
}

/** Tells one caller from all others. */
export function callerKey({ tenant, principal }: CallContext): string {
  return JSON.stringify([tenant, principal.id]);
}
