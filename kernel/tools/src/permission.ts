import type { GrantTerms } from "@tau/core";

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
  /** Programs whose content the decisions depend on, by name: whoever prepares calls has it hashed. */
  readonly hashedPrograms?: readonly string[];
  /**
   * The narrowest terms under which a call that is asked about would not be asked about again; undefined where there are
   * none, and absent where the policy has no grants.
   */
  propose?(request: EffectRequest): GrantTerms | undefined;
  /** Decides just the same, and tells how; absent where a policy cannot. */
  explain?(request: EffectRequest): Explanation;
}
