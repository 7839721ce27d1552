import { isTauError } from "@tau/core";
import { createPermissionPolicy } from "@tau/tools";
import type { Decision, EffectRequest, PermissionPolicy } from "@tau/tools";

/**
 * Takes the value of `allowed-tools` apart: a list, or names between spaces or commas, each with what may stand in
 * parentheses after it: `Read Bash(git log:*)`. What is neither is no tool at all.
 */
export function splitAllowedTools(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) =>
    typeof text === "string" ? [...text.matchAll(/[^\s,()]+(?:\([^)]*\))?/gu)].map(([entry]) => entry) : [],
  );
}

/**
 * Makes the policy that allows what a skill lists and denies the rest.
 *
 * To be met with the policy that counts without the skill: by itself it would let listed tools do anything. Names are
 * compared without regard to case, for `Read` and `read` mean the same. What stands in parentheses is understood for
 * commands, `Bash(git log:*)` or `bash(git log *)`; elsewhere, and where it cannot be read, it allows nothing.
 */
export function allowedToolsPolicy(skill: string, entries: readonly string[]): PermissionPolicy {
  const parsed = entries.map(toEntry);
  const whole = new Set(parsed.filter(({ words }) => words === undefined).map(({ tool }) => tool));
  const rules = parsed.flatMap(({ tool, words }) =>
    tool === "bash" && words !== undefined ? [`bash(${words})`] : [],
  );
  const commands = rules.flatMap(commandPolicy);
  const denied: Decision = {
    decision: "deny",
    reason: `The skill "${skill}" is in use, and it allows only: ${entries.join(", ") || "no tools"}. Do it with those, or tell the person that the skill does not cover it.`,
    rule: `allowed-tools of ${skill}`,
  };
  const allowed: Decision = { decision: "allow", reason: `The skill "${skill}" lists it.` };
  return {
    decide(request: EffectRequest) {
      const tool = request.tool.name.toLowerCase();
      if (whole.has(tool)) return allowed;
      if (tool !== "bash") return denied;
      return commands.some((policy) => policy.decide(request).decision === "allow") ? allowed : denied;
    },
  };
}

interface Entry {
  readonly tool: string;
  readonly words?: string;
}

function toEntry(text: string): Entry {
  const [, tool = text, words] = /^([^()]+)\((.*)\)$/su.exec(text) ?? [];
  const name = tool.toLowerCase();
  if (words === undefined || words === "*") return { tool: name };
  return { tool: name, words: words.replace(/:\*$/u, " *") };
}

/** By the words of a command alone, as where no sandbox is: what the words leave open is not on the list. */
function commandPolicy(rule: string): readonly PermissionPolicy[] {
  try {
    return [createPermissionPolicy({ profile: "read-only", rules: { allow: [rule] }, approvals: "never" })];
  } catch (error) {
    if (isTauError(error)) return [];
    throw error;
  }
}
