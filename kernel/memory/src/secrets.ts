import { TauError } from "@tau/core";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";

import type { MemoryStore } from "./store/memory-store.ts";

const patterns = compilePatterns(secretPatterns);

/**
 * Checks that a text holds nothing that looks like a credential: what is in a memory goes into prompts, for good.
 *
 * @throws TauError `memory.secret`, which names the kind and the line and never the value
 */
export function assertNoSecrets(path: string, text: string): void {
  const [found] = patterns.find(text, 0);
  if (found === undefined) return;
  const line = text.slice(0, found.start).split("\n").length;
  throw new TauError(
    "memory.secret",
    `Line ${line} of what is to be kept as ${JSON.stringify(path)} looks like a secret (${found.name}): name where it is kept instead, and never the secret itself.`,
  );
}

/** Wraps a store so that nothing that looks like a credential is kept; see {@link assertNoSecrets}. */
export function withoutSecrets(store: MemoryStore): MemoryStore {
  return {
    ...store,
    async save(path, text, condition, signal) {
      assertNoSecrets(path, text);
      return await store.save(path, text, condition, signal);
    },
  };
}
