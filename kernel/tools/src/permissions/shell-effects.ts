import type { ShellWord } from "./match-argv.ts";

/** One simple command somewhere in shell source. */
export interface ShellCommand {
  readonly argv: readonly ShellWord[];
  /**
   * How the command relates to the words behind its name:
   * - `plain`: they are its arguments
   * - `transparent`: they are a command that is listed too, and running that is all it does (`timeout 9 npm test`)
   * - `launcher`: they may be, or contain, a command (`sudo`, `xargs`, `npx`)
   */
  readonly role: "plain" | "transparent" | "launcher";
}

/** A file that a redirection opens. */
export interface ShellFile {
  readonly kind: "read" | "write";
  readonly target: ShellWord;
}

/** Something that keeps the analysis from being the whole truth. */
export interface Doubt {
  /** What it is, as a clause: `eval runs text that is computed`. */
  readonly reason: string;
  /** What rules could miss because of it: a command, a file, or only what the listed commands mean. */
  readonly hides: "command" | "file" | "meaning";
}

/** Everything that running shell source would do, as far as reading it tells. */
export interface ShellEffects {
  readonly commands: ShellCommand[];
  readonly files: ShellFile[];
  /** Targets of `cd`, in the order of the source. */
  readonly folders: ShellWord[];
  readonly doubts: Doubt[];
}
