import { workspace } from "./model.ts";
import type { ModelCall, ModelEffect, ModelPolicy, ModelRule, Word } from "./model.ts";

/**
 * Says whether a call may be allowed: the rules of permissions once more, on data instead of text, without the engine's
 * parser, matchers or words. It knows no question: what is not allowed is one, or a denial.
 */
export function mayAllow(policy: ModelPolicy, call: ModelCall): boolean {
  return call.effects.every((effect) => mayAllowEffect(policy, call, effect));
}

function mayAllowEffect(policy: ModelPolicy, { tool }: ModelCall, effect: ModelEffect): boolean {
  const { rules, profile } = policy;
  const forbids = (rule: ModelRule): boolean => rule.verdict !== "allow" && covers(rule, tool, effect);
  if (rules.some(forbids)) return false;
  const allows = (rule: ModelRule): boolean =>
    rule.verdict === "allow" && rule.trusted && isStatic(effect) && covers(rule, tool, effect);
  if (profile === "full") return true;
  if (isSecret(effect) || isProtected(policy, effect)) return false;
  return rules.some(allows) || isInProfile(policy, effect);
}

/** What a rule surely covers when it forbids, and what it covers at most when it allows. */
function covers({ about }: ModelRule, tool: string, effect: ModelEffect): boolean {
  switch (about.kind) {
    case "everything":
      return true;
    case "tool":
      return about.name === tool;
    case "command":
      if (effect.kind !== "command") return false;
      if (about.words === undefined) return true;
      if (!about.words.every((word, index) => isWord(effect.argv[index], word, index))) return false;
      return about.rest === true || effect.argv.length === about.words.length;
    case "network":
      return effect.kind === "network" && (about.host === undefined || about.host === effect.host);
    default:
      if (effect.kind !== about.kind) return false;
      if (about.folder === undefined && about.file === undefined) return true;
      return effect.path === about.file || effect.path.startsWith(`${about.folder ?? "\0"}/`);
  }
}

/** The name of a program also means the one in a folder of the system. */
function isWord(found: Word, wanted: string, index: number): boolean {
  return found === wanted || (index === 0 && found === `/usr/bin/${wanted}`);
}

function isStatic(effect: ModelEffect): boolean {
  return effect.kind !== "command" || !effect.argv.includes(undefined);
}

function isSecret(effect: ModelEffect): boolean {
  return (effect.kind === "read" || effect.kind === "write") && effect.path.endsWith("/.env");
}

function isProtected({ profile }: ModelPolicy, effect: ModelEffect): boolean {
  if (effect.kind !== "write") return false;
  return profile === "read-only" || /\/(tau\.toml|AGENTS\.md)$|\/\.git\/hooks\//.test(effect.path);
}

function isInProfile({ enforced, network }: ModelPolicy, effect: ModelEffect): boolean {
  switch (effect.kind) {
    case "command":
      return enforced || effect.argv[0] === "echo";
    case "read":
    case "write":
      return effect.path.startsWith(`${workspace}/`) || (enforced && effect.by === "redirect");
    case "network":
      return network;
    default:
      return effect.pure;
  }
}
