import type { StartRequest, TerminalSize } from "@tau/tools";

import { failed } from "./pod-errors.ts";

/** What `runScript` is told of a command. */
export interface PodJob {
  readonly nonce: string;
  /** `NAME=value`: in the environment of the command and of all that it starts. */
  readonly mark: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly request: Pick<StartRequest, "argv" | "pty">;
  readonly withInput: boolean;
}

const largest = 1000;

/** The job as shell source, each word quoted. Throws `environment.failed` for what no process can be given. */
export function jobText({ nonce, mark, cwd, env, request, withInput }: PodJob): string {
  const { PATH: path = "", ...variables } = env;
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const all = [cwd, path, ...words, ...request.argv];
  if (all.some((word) => word.includes("\0"))) {
    throw failed("Starting the command", "a word of it contains a NUL character.");
  }
  const size = request.pty === undefined ? "" : terminalWords(request.pty);
  const settings = {
    nonce,
    mark,
    cwd,
    program: request.argv[0],
    path,
    input: withInput ? "yes" : "no",
    size,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`);
  return `${lines.join("\n")}\nset -- ${[...words, mark, ...request.argv].map(quote).join(" ")}\n`;
}

/** A size as `stty` takes it. Throws `environment.failed` for one that is none. */
export function terminalWords({ rows, columns }: TerminalSize): string {
  for (const value of [rows, columns]) {
    if (Number.isInteger(value) && value >= 1 && value <= largest) continue;
    throw failed("Setting the terminal's size", `rows and columns are whole numbers from 1 to ${largest}.`);
  }
  return `rows ${rows} columns ${columns}`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
