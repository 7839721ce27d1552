import type { CallContext } from "@tau/core";

/** Finds out who makes an HTTP request; the signal of the answer is not used. Undefined: nobody who may. */
export type FindCaller = (request: Request) => Promise<CallContext | undefined>;

/** Tells one caller from all others. */
export function callerKey({ tenant, principal }: CallContext): string {
  return JSON.stringify([tenant, principal.id]);
}
