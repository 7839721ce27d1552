import { randomBytes } from "node:crypto";

import type { HandlerContext } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import type { CallContext } from "@tau/core";

import type { Identity } from "./authenticator.ts";

/** What the door learned about a call. */
export interface Admission {
  readonly identity: Identity | undefined;
  readonly traceId: string;
}

/** Where the door leaves what it learned. */
export const admissionKey: ReturnType<typeof createContextKey<Admission>> = createContextKey<Admission>({
  identity: undefined,
  traceId: "",
});

/** The trace id of a W3C `traceparent`, or a new one when there is none that is valid. */
export function traceIdOf(headers: Headers): string {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(
    headers.get("traceparent") ?? "",
  );
  const traceId = match?.[1];
  return traceId === undefined || /^0+$/.test(traceId) ? randomBytes(16).toString("hex") : traceId;
}

/** Makes the context that the kernel gets: there is none for a call that nobody let in. */
export function callContextOf(context: HandlerContext): CallContext {
  const { identity, traceId } = context.values.get(admissionKey);
  if (identity === undefined) throw new TypeError("A call reached its handler without passing the door.");
  const timeoutMs = context.timeoutMs();
  return {
    ...identity,
    traceId,
    signal: context.signal,
    ...(timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }),
  };
}
