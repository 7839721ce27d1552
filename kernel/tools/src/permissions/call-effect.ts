import type { Doubt, ShellCommand } from "./shell-effects.ts";

/**
 * One thing a call would do, as rules look at it.
 *
 * A file's `by` tells how it is known: from the tool itself, from a redirection, or guessed from a command's argument.
 * A guess counts for deny and ask rules only.
 */
export type CallEffect =
  | { readonly kind: "read" | "write"; readonly path: string; readonly by: "tool" | "redirect" | "argument" }
  | { readonly kind: "command"; readonly command: ShellCommand; readonly folders: readonly string[] }
  | { readonly kind: "network" | "send"; readonly host: string }
  | { readonly kind: "doubt"; readonly doubt: Doubt }
  | { readonly kind: "other" };
