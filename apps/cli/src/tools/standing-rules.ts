import { realpath } from "node:fs/promises";

import { createPermissionPolicy } from "@tau/tools";
import type { Access } from "@tau/tools";

import { invalidConfig } from "../invalid-config.ts";
import type { Settings } from "../settings.ts";

/** The rules, for what a set of tools touches before any call of an agent is decided on. Nobody is asked meanwhile. */
export interface StandingRules {
  /** Whether an agent may read this absolute path without a question. */
  readonly mayRead: (path: string) => boolean;
  /** Whether a rule of any layer keeps an agent from a host, such as `api.example.org` or `api.example.org:8080`. */
  readonly isBarred: (host: string) => boolean;
}

/** Reads the rules of the settings. @throws TauError `permission.*` */
export async function standingRules({ profile, layers, cwd }: Settings): Promise<StandingRules> {
  const workspace = await realpath(cwd);
  const usual = { profile, layers, approvals: "never" } as const;
  const allows = (policy: ReturnType<typeof createPermissionPolicy>, access: Access): boolean => {
    const tool = { name: "read", sideEffect: "pure" } as const;
    return policy.decide({ tool, access: [access], workspace }).decision === "allow";
  };
  const reading = createPermissionPolicy(usual);
  return {
    mayRead: (path) => allows(reading, { kind: "read", path }),
    isBarred: (host) => {
      // Who named the host wants it; what denies or asks is stricter than that.
      const named = createPermissionPolicy({ ...usual, rules: { allow: [`network(${host})`] } });
      return !allows(named, { kind: "network", host });
    },
  };
}

/** Refuses what a rule keeps from agents, however a configuration names it. @throws TauError `config.invalid` */
export function assertPermitted(key: string, what: string, isPermitted: boolean): void {
  if (isPermitted) return;
  throw invalidConfig(
    `${key}: a rule keeps agents from ${what}; "tau permissions list" shows the rules. Name another, or change the rule.`,
  );
}
