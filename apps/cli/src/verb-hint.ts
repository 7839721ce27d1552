import { didYouMean } from "./closest-word.ts";
import { usageError } from "./usage-error.ts";

/** The error for a word that is no verb of a command, or has too few or too many words after it. `say` is what to say instead. */
export function wrongVerb(verb: string, verbs: readonly string[], say: string): Error {
  if (verbs.includes(verb)) return usageError(say);
  return usageError(`There is no ${JSON.stringify(verb)} here. ${say}${didYouMean(verb, verbs)}`);
}
