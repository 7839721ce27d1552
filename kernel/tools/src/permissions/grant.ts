import type { GrantedEffect, GrantTerms } from "@tau/core";

import type { CallEffect } from "./call-effect.ts";
import { invalidRule } from "./invalid-rule.ts";
import { parseRule } from "./parse-rule.ts";
import type { CompiledRule } from "./rule.ts";

/** Terms that count, of the one who makes the calls. */
export interface ActiveGrant {
  readonly id: string;
  readonly scope: "session" | "always";
  readonly terms: GrantTerms;
}

/** A grant's rule, ready to be matched. */
export interface GrantRule extends CompiledRule {
  readonly granted: GrantedEffect;
  readonly terms: GrantTerms;
}

/** Reads a grant's rules; none of them loosens what a layer denies or asks about. Throws `permission.invalid_rule`. */
export function parseGrant({ id, scope, terms }: ActiveGrant): readonly GrantRule[] {
  return terms.effects.map((granted) => {
    const rule = parseRule(granted.rule, "allow", scope === "session" ? "session" : "user");
    if (!isNarrow(rule))
      throw invalidRule(granted.rule, "is too broad for a grant", "Name one thing, without *");
    return { ...rule, source: `grant ${id}`, granted, terms };
  });
}

/** Whether a grant's rule holds for an effect that its pattern covers. */
export function holdsFor(
  { granted, terms, pattern }: GrantRule,
  effect: CallEffect,
  { workspace, profile }: { readonly workspace: string; readonly profile: string | undefined },
): boolean {
  if (terms.profile !== profile || terms.workspace !== workspace) return false;
  // What is shown as one tool must not cover the files and hosts that another call of it touches.
  if (pattern.kind === "tool") return effect.kind === "other";
  if (effect.kind !== "command") return true;
  if (granted.cwd === undefined || !effect.folders.every((folder) => folder === granted.cwd)) return false;
  const now = filesOf(effect);
  const then = granted.files ?? {};
  if (now === undefined || Object.keys(now).length !== Object.keys(then).length) return false;
  return Object.entries(now).every(([path, content]) => Object.hasOwn(then, path) && then[path] === content);
}

/** What a command executes, by path; undefined when a grant could not tell whether it is still the same. */
export function filesOf(
  effect: Extract<CallEffect, { readonly kind: "command" }>,
): Readonly<Record<string, string>> | undefined {
  const { files } = effect;
  if (files === undefined) return undefined;
  const unknown = files.some(
    ({ role, content, inWorkspace }) => content === "unread" && (role === "code" || inWorkspace),
  );
  return unknown ? undefined : Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

function isNarrow({ pattern }: CompiledRule): boolean {
  switch (pattern.kind) {
    case "any":
      return false;
    case "tool":
      return pattern.path === undefined && pattern.name.length === 1;
    case "read":
    case "write":
      return pattern.path?.alternatives.length === 1 && pattern.path.alternatives.every(isPlain);
    case "command":
      return (
        pattern.argv !== undefined &&
        !pattern.argv.rest &&
        [pattern.argv.program, ...pattern.argv.words].every(
          (word) => word.length === 1 && word[0]?.length === 1,
        )
      );
    case "network":
    case "send":
      return pattern.host?.length === 1;
    default:
      return false;
  }
}

function isPlain(segments: readonly ("**" | readonly (readonly string[])[])[]): boolean {
  return segments.every((names) => names !== "**" && names.length === 1 && names[0]?.length === 1);
}
