import type { Principal } from "./principal.ts";

/** Somebody wants to do something with something. */
export interface AccessRequest {
  readonly tenant: string;
  readonly principal: Principal;
  /** For example `invoke`. */
  readonly action: string;
  /** For example kind `model`, name `openai/gpt-5`. */
  readonly resource: { readonly kind: string; readonly name: string };
}

/** Whether they may, and why. */
export interface AccessDecision {
  readonly allowed: boolean;
  /** Safe to show to the one who asked. */
  readonly reason: string;
  /** The scopes that the permission rests on. Answers may be shared only among those who have the same. */
  readonly scopes: readonly string[];
}

/**
 * Decides who may do what. Nothing is allowed that no rule allows; a denial beats every permission.
 *
 * Throws when it cannot decide; whoever asked takes that for a denial.
 */
export interface PolicyDecisionPoint {
  decide(request: AccessRequest, signal: AbortSignal): AccessDecision | Promise<AccessDecision>;
}
