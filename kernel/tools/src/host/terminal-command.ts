import type { ChildProcess } from "node:child_process";
import { Writable } from "node:stream";

import type { ExecRequest, TerminalSize } from "../environment.ts";
import { failed } from "./environment-error.ts";

const largest = 1000;

/**
 * The command that runs `argv` in a terminal of its own.
 *
 * `script` of util-linux makes the terminal, so no compiled code is needed and it also works inside of a jail.
 * New sizes are read from `descriptor`, one `rows columns` a line, by a process outside of the terminal's
 * session: keys such as Ctrl-C do not reach it. Throws `environment.failed` for an impossible size.
 */
export function terminalCommand(
  argv: ExecRequest["argv"],
  size: TerminalSize,
  descriptor: number,
): ExecRequest["argv"] {
  const { rows, columns } = checkedSize(size);
  const resizer = `while read -r rows columns; do stty -F "$0" rows "$rows" columns "$columns"; done`;
  const inner = [
    `stty sane rows ${rows} columns ${columns}`,
    "terminal=$(tty)",
    `( setsid sh -c ${quote(resizer)} "$terminal" <&${descriptor} >/dev/null 2>&1 & )`,
    `exec ${descriptor}<&-`,
    `exec ${argv.map(quote).join(" ")}`,
  ].join("; ");
  // `script` runs its line by the user's shell, which need not be one that understands it.
  return ["env", "SHELL=/bin/sh", "script", "-q", "-e", "-f", "-c", inner, "/dev/null"];
}

/** Sends a new size to a process that {@link terminalCommand} started. */
export function resizeTerminal(child: ChildProcess, size: TerminalSize, descriptor: number): void {
  const { rows, columns } = checkedSize(size);
  const [sizes]: readonly unknown[] = child.stdio.slice(descriptor);
  if (!(sizes instanceof Writable)) throw new TypeError("The process has no terminal.");
  if (!sizes.destroyed) sizes.write(`${rows} ${columns}\n`);
}

function checkedSize({ rows, columns }: TerminalSize): TerminalSize {
  for (const value of [rows, columns]) {
    if (Number.isInteger(value) && value >= 1 && value <= largest) continue;
    throw failed("Setting the terminal's size", `rows and columns are whole numbers from 1 to ${largest}.`);
  }
  return { rows, columns };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
