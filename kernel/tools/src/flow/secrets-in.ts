import { compilePatterns, secretPatterns } from "@tau/core/secrets";
import type { CompiledPatterns } from "@tau/core/secrets";

let compiled: CompiledPatterns | undefined;

/** Names of the kinds of credentials that stand in a text, by their looks: `github_token`; never their values. */
export function secretsIn(text: string): readonly string[] {
  compiled ??= compilePatterns(secretPatterns);
  const found = compiled.find(text, 0);
  return found.length === 0 ? none : [...new Set(found.map(({ name }) => name))].toSorted();
}

const none: readonly string[] = [];
