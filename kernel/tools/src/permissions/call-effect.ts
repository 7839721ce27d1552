import type { ExecutedFile } from "./executed-file.ts";
import type { Doubt, ShellCommand } from "./shell-effects.ts";

/**
 * One thing a call would do, as rules look at it.
 *
 * `by` tells how a file or a host is known: from the tool itself, from a redirection, or guessed from a command's argument.
 * What is guessed counts for deny and ask rules only; `guess` is a write by a program of which nothing is known.
 */
export type CallEffect =
  | {
      readonly kind: "read" | "write";
      readonly path: string;
      readonly by: "tool" | "redirect" | "argument" | "guess";
    }
  | {
      readonly kind: "command";
      readonly command: ShellCommand;
      readonly folders: readonly string[];
      /** What it would execute; absent where nobody looked. */
      readonly files?: readonly ExecutedFile[];
    }
  | {
      readonly kind: "network" | "send";
      readonly host: string;
      readonly by: "tool" | "redirect" | "argument";
    }
  | { readonly kind: "doubt"; readonly doubt: Doubt }
  | { readonly kind: "other" };
