import { createHash } from "node:crypto";

import type { CallContext } from "@tau/core";

/** A call of a tool. */
interface ChildCall {
  readonly call: Pick<CallContext, "sessionId">;
  readonly idempotencyKey: string;
}

const mark = ":skill:";
const maxStem = 80;

/** The session of the agent that a call has do its work, below the one of the call: the same when the call is run again. */
export function childSession({ call: { sessionId = "" }, idempotencyKey }: ChildCall): string {
  const digest = createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 16);
  return `${sessionStem(sessionId)}${mark}${digest}`;
}

/**
 * What the ids of the sessions below one begin with: its own id, or, where that is a long one, as much as fits and a hash of all
 * of it. The stem of a stem is itself.
 */
export function sessionStem(sessionId: string): string {
  if (sessionId.length <= maxStem) return sessionId;
  const digest = createHash("sha256").update(sessionId).digest("hex").slice(0, 32);
  return `${sessionId.slice(0, maxStem - digest.length - 1)}-${digest}`;
}

/** The stem of the session that one is below; undefined for one that is below none. */
export function stemAbove(sessionId: string): string | undefined {
  const at = sessionId.lastIndexOf(mark);
  return at === -1 ? undefined : sessionId.slice(0, at);
}

/** Tells whether a session is below another one. */
export function isBelow(sessionId: string, above: string): boolean {
  return sessionId.startsWith(`${sessionStem(above)}${mark}`);
}

/** Tells whether a session is that of an agent below another one. */
export function isChild(sessionId: string): boolean {
  return sessionId.includes(mark);
}
