import { TauError } from "@tau/core";

import { parseArgvPattern } from "../permissions/argv-pattern.ts";
import { matchesArgvBroadly } from "../permissions/match-argv.ts";
import { shellEffectsOf } from "../permissions/shell-commands.ts";

/**
 * A program that bash is not the place for, and where to go instead.
 *
 * It helps a model that would otherwise wait for nothing, and keeps nobody from anything: what may run is decided by
 * permissions and by the environment.
 */
export interface ProgramRule {
  /** As in a permission rule for commands: `vim *`, `(python|python3)`, `tail -f *`; what follows is not looked at. */
  readonly command: string;
  /** A sentence for the model: what to do instead. */
  readonly instead: string;
  /** Leaves a command alone whose words, joined by spaces, match it. */
  readonly unless?: RegExp;
  /** Only when nothing else is run, so that no pipe or here-document feeds it; `bare` also without arguments. */
  readonly alone?: true | "bare";
}

const terminal = "It waits for somebody at a terminal: use the tool terminal, and job_write to type.";

/** Programs that would sit there without a terminal, or without an end. */
export const interactivePrograms: readonly ProgramRule[] = [
  {
    command: "(vim|vi|nvim|emacs|nano|pico) *",
    instead: `${terminal} To change files, use edit.`,
    unless: / (?:-es|-Es|-batch|--batch|--version)\b/u,
  },
  { command: "(top|htop) *", instead: terminal, unless: / -\w*b/u },
  { command: "(gdb|lldb) *", instead: terminal, unless: / (?:-batch|--batch|--version)\b/u, alone: true },
  {
    command: "(bash|sh|zsh|fish|su|python|python3|ipython|node|irb|psql|sqlite3) *",
    instead: terminal,
    alone: "bare",
  },
  {
    command: "tail -f *",
    instead: 'It never ends: set "background", then use job_output.',
    alone: true,
  },
  {
    command: "nohup *",
    instead: 'Nothing outlives the call that way: set "background" instead.',
  },
];

/** Throws `shell.needs_terminal` when `source` runs one of these programs; what cannot be read is left alone. */
export function assertNoTerminalNeeded(source: string, rules: readonly ProgramRule[]): void {
  const { commands, files } = shellEffectsOf(source, "/");
  // A here-document, too, is an input that ends.
  const isAlone = commands.length === 1 && files.length === 0 && !source.includes("<<");
  for (const { argv } of commands) {
    const words = argv.map(({ text }) => text).join(" ");
    const rule = rules.find(({ command, unless, alone }) => {
      if (alone !== undefined && !isAlone) return false;
      if (alone === "bare" && argv.length > 1) return false;
      const pattern = parseArgvPattern(`bash(${command})`, command);
      return matchesArgvBroadly(pattern, argv) === "yes" && unless?.test(words) !== true;
    });
    if (rule === undefined) continue;
    throw new TauError("shell.needs_terminal", `${words.slice(0, 100)}: ${rule.instead}`);
  }
}
