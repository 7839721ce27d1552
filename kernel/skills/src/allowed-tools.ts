import { isTauError } from "@tau/core";
import { createPermissionPolicy } from "@tau/tools";
import type { Decision, EffectRequest, PermissionPolicy } from "@tau/tools";

/**
 * Takes the value of `allowed-tools` apart: a list, or names between spaces or commas, each with what may stand in
 * parentheses after it: `Read Bash(git log:*)`. What is neither is no tool at all: after a parenthesis that does not close
 * nothing counts.
 */
export function splitAllowedTools(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => {
    if (typeof text !== "string") return [];
    // Separators outside of parentheses; one that does not close takes the rest with it.
    const words = text.match(/(?:[^\s,(]|\([^)]*(?:\)|$))+/gu) ?? [];
    return words.filter((word) => /^[^()]+(?:\([^()]*\))?$/u.test(word));
  });
}

/**
 * Makes the policy that allows what a skill lists and denies the rest.
 *
 * To be met with the policy that counts without the skill: by itself it would let listed tools do anything. Names are
 * compared without regard to case, for `Read` and `read` mean the same, and other programs' names for these tools count. What
 * stands in parentheses is understood for commands, `Bash(git log:*)` or `bash(git log *)`, for paths, `Edit(docs/**)`, and for
 * hosts, `WebFetch(domain:example.org)`; where it cannot be read, it allows nothing.
 */
export function allowedToolsPolicy(skill: string, entries: readonly string[]): PermissionPolicy {
  const parsed = entries.map(toEntry);
  const whole = new Set(parsed.filter(({ words }) => words === undefined).map(({ tool }) => tool));
  const partly = new Map<string, Covers[]>();
  for (const { tool, words } of parsed) {
    if (words !== undefined) partly.set(tool, [...(partly.get(tool) ?? []), coverOf(tool, words)]);
  }
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
      return (partly.get(tool) ?? []).some((covers) => covers(request)) ? allowed : denied;
    },
  };
}

interface Entry {
  readonly tool: string;
  readonly words?: string;
}

/** What other programs, whose skills people use here, call the tools. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ["multiedit", "edit"],
  ["todowrite", "todo"],
  ["webfetch", "fetch"],
  ["websearch", "web_search"],
]);

function toEntry(text: string): Entry {
  const [, name = text, words] = /^([^()]+)\((.*)\)$/su.exec(text) ?? [];
  const tool = otherNames.get(name.toLowerCase()) ?? name.toLowerCase();
  return words === undefined || words === "*" ? { tool } : { tool, words };
}

/** The rules that say of a tool what stands in the parentheses: words of a command, a host, or a path. */
function rulesOf(tool: string, words: string): readonly string[] {
  if (tool === "bash") return [`bash(${words.replace(/:\*$/u, " *")})`];
  const [, host] = /^domain:(.+)$/su.exec(words) ?? [];
  return host === undefined ? [`${tool}(${words})`] : [`network(${host})`, `send(${host})`];
}

/** Whether an entry of the list covers a whole call. */
type Covers = (request: EffectRequest) => boolean;

function coverOf(tool: string, words: string): Covers {
  const rules = rulesOf(tool, words);
  const policy = policyOf(tool, rules);
  if (policy === undefined) return () => false;
  // By the words of a command alone, as where no sandbox is: what they leave open is not on the list.
  if (tool === "bash") return (request) => policy.decide(request).decision === "allow";
  // Everything that the call touches, by the rules themselves: what the profile would allow, the list does not.
  return (request) =>
    request.access.every((access) => {
      const { decision, rule } = policy.decide({ ...request, access: [access] });
      return decision === "allow" && rule !== undefined && rules.includes(rule);
    });
}

function policyOf(tool: string, allow: readonly string[]): PermissionPolicy | undefined {
  const profile = tool === "bash" ? "read-only" : "workspace-write";
  try {
    return createPermissionPolicy({
      profile,
      rules: { allow },
      network: tool !== "bash",
      approvals: "never",
    });
  } catch (error) {
    if (isTauError(error)) return undefined;
    throw error;
  }
}
