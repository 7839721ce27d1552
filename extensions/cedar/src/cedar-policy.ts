import { homedir } from "node:os";

import type { CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";
import { isTauError, unreachable } from "@tau/core";
import type { Principal } from "@tau/core";
import { effectsOfCall, isGuess } from "@tau/tools";
import type { CallEffect, Decision, PermissionPolicy } from "@tau/tools";

import { readCedarPolicies } from "./cedar-policies.ts";
import type { CedarAnswer, CedarOptions, CedarQuestion } from "./cedar-policies.ts";

/** Options of {@link createCedarPolicy}. */
export interface CedarPolicyOptions extends CedarOptions {
  /** Whose calls are decided on. */
  readonly principal: Principal;
  readonly tenant: string;
  /** What `~` means in commands. Default: the home folder of this process. */
  readonly home?: string;
}

/**
 * Makes a {@link PermissionPolicy} out of Cedar policies, which decide on every effect of a call: it is allowed when each
 * is. Meant to be met with rules and a profile, `meetPolicies(rules, cedar)`: by itself it knows no secrets.
 *
 * Throws `cedar.invalid`. What Cedar cannot decide is denied.
 */
export function createCedarPolicy(options: CedarPolicyOptions): PermissionPolicy {
  const { principal, tenant, home = homedir() } = options;
  const ask = readCedarPolicies(options);

  const decideEffect = (effect: CallEffect, tool: string): Decision => {
    const { action, resource } = toQuestion(effect, tool);
    let answer: CedarAnswer;
    try {
      answer = ask({ tenant, principal, action, resource });
    } catch (error) {
      if (!isTauError(error)) throw error;
      return { decision: "deny", reason: error.message };
    }
    const [rule] = answer.policies;
    const named = rule === undefined ? {} : { rule: `cedar ${rule}` };
    // Nobody has to permit what an argument may name.
    const allowed = answer.allowed || (isGuess(effect) && rule === undefined);
    const what = `${action} on ${resource.id.slice(0, 120)}`;
    return allowed
      ? { decision: "allow", reason: `Cedar permits ${what}.`, ...named }
      : {
          decision: "deny",
          reason: `${rule === undefined ? "No Cedar policy permits" : `The Cedar policy ${rule} forbids`} ${what}. Do it another way, or ask the person to change the policy.`,
          ...named,
        };
  };

  return {
    decide(request) {
      let allowed: Decision = { decision: "deny", reason: "The call does nothing." };
      for (const effect of effectsOfCall(request, home)) {
        const decision = decideEffect(effect, request.tool.name);
        if (decision.decision === "deny") return decision;
        allowed = decision;
      }
      return allowed;
    },
  };
}

function toQuestion(effect: CallEffect, tool: string): Pick<CedarQuestion, "action" | "resource"> {
  const about = (
    action: string,
    id: string,
    attributes: Readonly<Record<string, CedarValueJson>>,
  ): Pick<CedarQuestion, "action" | "resource"> => ({
    action,
    resource: { id, attributes: { ...attributes, tool } },
  });
  switch (effect.kind) {
    case "read":
    case "write":
      return about(effect.kind, effect.path, { path: effect.path });
    case "network":
      return about("connect", effect.host, { host: effect.host });
    case "send":
      return about("send", effect.host, { host: effect.host });
    case "command": {
      const [program = "", ...words] = effect.command.argv.map(({ value, text }) => value ?? text);
      const computed = effect.command.argv.some(({ value }) => value === undefined);
      const name = program.slice(program.lastIndexOf("/") + 1);
      return about("run", [program, ...words].join(" "), { program: name, words, computed });
    }
    case "doubt":
      return about("guess", effect.doubt.reason, { reason: effect.doubt.reason });
    case "other":
      return about("use", tool, {});
    default:
      return unreachable(effect);
  }
}
