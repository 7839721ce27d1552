import type { Access } from "./access.ts";
import type { Tool } from "./tool.ts";

/** What the rules say about one effect. */
export interface Decision {
  readonly decision: "deny" | "ask" | "allow";
  /** A sentence for people and for the model; a denial says what to do instead. */
  readonly reason: string;
  /** The rule that decided, as written; absent when a default did. */
  readonly rule?: string;
}

/** A tool call before it runs. */
export interface EffectRequest {
  readonly tool: Pick<Tool, "name" | "sideEffect">;
  readonly access: readonly Access[];
  readonly workspace: string;
}

/** Decides on effects. Pure: the same request gets the same decision. */
export interface PermissionPolicy {
  decide(request: EffectRequest): Decision;
}
