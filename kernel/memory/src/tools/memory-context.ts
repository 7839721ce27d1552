import { joinLabels, TauError, userLabel } from "@tau/core";
import type { Label } from "@tau/core";
import type { ToolContext } from "@tau/tools";

import type { MemoryAuthor } from "../history/memory-history.ts";
import type { Memory } from "../memory.ts";

/** What the tools of a memory work on: each call on the memory of its caller's tenant. */
export interface MemoryToolsOptions {
  memoryOf(tenant: string): Memory;
}

/** What a call of a memory tool is made under. */
export interface MemoryCall {
  readonly memory: Memory;
  readonly author: MemoryAuthor;
  /** How far to trust what the model wanted to keep: no further than the least trusted thing it had been shown. */
  readonly label: Label;
  /** Whether what it wants to keep must wait for a person. */
  readonly mustWait: boolean;
  readonly signal: AbortSignal;
  /** The effect that is made. */
  readonly event: string;
}

/** Says what a call is made under. */
export function memoryCall({ memoryOf }: MemoryToolsOptions, context: ToolContext): MemoryCall {
  const { call, idempotencyKey, shown = userLabel, signal } = context;
  const session = call.sessionId ?? "unknown";
  const label = joinLabels(shown, { ...userLabel, integrity: "workspace", origins: [`agent:${session}`] });
  return {
    memory: memoryOf(call.tenant),
    author: { by: `agent:${session}`, key: idempotencyKey },
    label,
    // What may hold a secret must not outlive its session either.
    mustWait: label.integrity === "untrusted" || label.confidentiality === "secret",
    signal,
    event: idempotencyKey.slice(idempotencyKey.indexOf("/") + 1),
  };
}

/** The error for what a model may not do after it was shown what nobody vouches for. */
export function notUnder(label: Label, what: string): TauError {
  const from = label.origins.filter((origin) => !origin.startsWith("agent:")).join(", ");
  return new TauError(
    "memory.untrusted",
    `${what} is not possible in this session any more: it was shown what nobody vouches for (${from || "unknown"}). A person can do it with "tau memory".`,
  );
}
