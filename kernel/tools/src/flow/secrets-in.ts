import { compilePatterns, secretPatterns } from "@tau/core/secrets";
import type { CompiledPatterns } from "@tau/core/secrets";

let compiled: CompiledPatterns | undefined;

/** Names of the kinds of credentials that stand in a text, by their looks: `github_token`; never their values. */
export function secretsIn(text: string): readonly string[] {
  compiled ??= compilePatterns(secretPatterns);
  return [...new Set(compiled.find(text, 0).map(({ name }) => name))].toSorted();
}
