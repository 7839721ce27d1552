import type { Access } from "./access.ts";
import type { Decision } from "./permissions/decision.ts";
import type { Explanation } from "./permissions/explanation.ts";
import type { Tool } from "./tool.ts";

/** A tool call before it runs. */
export interface EffectRequest {
  readonly tool: Pick<Tool, "name" | "sideEffect">;
  readonly access: readonly Access[];
  readonly workspace: string;
}

/** Decides on effects. Pure: the same request gets the same decision. */
export interface PermissionPolicy {
  decide(request: EffectRequest): Decision;
  /** Decides just the same, and tells how; absent where a policy cannot. */
  explain?(request: EffectRequest): Explanation;
}
