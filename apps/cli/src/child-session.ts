import { createHash } from "node:crypto";

import type { ToolContext } from "@tau/tools";

const mark = ":skill:";

/** The session of the agent that a call has do its work, below the one of the call: the same when the call is run again. */
export function childSession({ call: { sessionId = "" }, idempotencyKey }: ToolContext): string {
  const digest = createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 16);
  return `${sessionId.slice(0, 80)}${mark}${digest}`;
}

/** Tells whether a session is below another one. */
export function isBelow(sessionId: string, above: string): boolean {
  return sessionId.startsWith(`${above.slice(0, 80)}${mark}`);
}

/** Tells whether a session is that of an agent below another one. */
export function isChild(sessionId: string): boolean {
  return sessionId.includes(mark);
}
