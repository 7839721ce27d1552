import type { GrantedEffect, GrantTerms } from "@tau/core";

import type { EffectRequest } from "../permission.ts";
import type { CallEffect } from "./call-effect.ts";
import type { Decision } from "./decision.ts";
import { filesOf } from "./grant.ts";

const maxEffects = 20;

/** An effect and what was decided on it. */
export interface DecidedPair {
  readonly effect: CallEffect;
  readonly decision: Decision;
}

/**
 * The narrowest terms under which a call that is asked about would be allowed from now on: one rule without a wildcard for
 * each effect that no rule covers. Undefined where that cannot be said: a rule wants to be asked each time, words are
 * computed, files cannot be read, or a name has characters that rules have no word for.
 */
export function proposeGrant(
  pairs: readonly DecidedPair[],
  request: EffectRequest,
  profile: string | undefined,
): GrantTerms | undefined {
  const open = pairs.filter(({ decision }) => decision.decision !== "allow");
  if (profile === undefined || open.length === 0 || open.length > maxEffects) return undefined;
  const effects: GrantedEffect[] = [];
  for (const { effect, decision } of open) {
    if (decision.decision === "deny" || decision.rule !== undefined || decision.review === true)
      return undefined;
    const granted = grantedEffect(effect, request);
    if (granted === undefined) return undefined;
    effects.push(granted);
  }
  return { effects, workspace: request.workspace, profile };
}

function grantedEffect(effect: CallEffect, { tool }: EffectRequest): GrantedEffect | undefined {
  switch (effect.kind) {
    case "read":
    case "write":
      return /[*?{}\n]|\sexcept\s|^\s|\s$/.test(effect.path)
        ? undefined
        : { rule: `${effect.kind}(${effect.path})` };
    case "network":
    case "send":
      return /^[\w.:[\]-]+$/.test(effect.host) ? { rule: `${effect.kind}(${effect.host})` } : undefined;
    case "command":
      return grantedCommand(effect);
    case "other":
      // The rule cannot name the arguments: it is too much for what cannot be taken back.
      return tool.sideEffect === "pure" || tool.sideEffect === "idempotent" ? { rule: tool.name } : undefined;
    case "doubt":
    default:
      return undefined;
  }
}

function grantedCommand(
  effect: Extract<CallEffect, { readonly kind: "command" }>,
): GrantedEffect | undefined {
  const { command, folders } = effect;
  const [cwd, ...others] = folders;
  const files = filesOf(effect);
  const words = command.argv.map(({ value }) => value);
  if (cwd === undefined || others.length > 0 || files === undefined || words.length === 0) return undefined;
  if (words.some((word) => word === undefined || /[\n\r\0]/.test(word))) return undefined;
  return { rule: `bash(${words.map((word) => quoted(word ?? "")).join(" ")})`, cwd, files };
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
