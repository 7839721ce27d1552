import { createPermissionPolicy } from "./permission-policy.ts";
import type { ExplainingPolicy, PermissionPolicyOptions } from "./permission-policy.ts";
import type { EffectRequest } from "../permission.ts";

export const workspace = "/work space/app";
export const home = "/home/ada";

/** A policy for a person called Ada who is there to be asked. */
export function policyOf(options: Partial<PermissionPolicyOptions> = {}): ExplainingPolicy {
  return createPermissionPolicy({ profile: "workspace-write", approvals: "ask", home, ...options });
}

/** A call of bash. */
export function bash(source: string, cwd: string = workspace): EffectRequest {
  return {
    tool: { name: "bash", sideEffect: "irreversible" },
    access: [{ kind: "command", source, cwd }],
    workspace,
  };
}

/** A call of a tool that reads or writes one file. */
export function file(kind: "read" | "write", path: string): EffectRequest {
  return {
    tool: { name: kind, sideEffect: kind === "read" ? "pure" : "idempotent" },
    access: [{ kind, path }],
    workspace,
  };
}
