import { didYouMean } from "./closest-word.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** An option, as node:util's parseArgs wants it, with what it means. */
interface OptionEntry {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in the help, for example `FILE`. */
  readonly value?: string;
  /** Full sentences; may have several lines. */
  readonly help: string;
}

/** Options of a command, by name. */
export type OptionTable = Readonly<Record<string, OptionEntry>>;

/** What was on the command line. */
export interface ParsedArgs {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** One command of `tau`. */
export interface Command {
  /** For example `run "PROMPT" [options]`. */
  readonly usage: string;
  readonly description: string;
  readonly options: OptionTable;
  /** How many words it takes beside its options; any number when absent. */
  readonly maxWords?: number;
  /** Lines that show how to use it. */
  readonly examples: readonly string[];
  run(args: ParsedArgs, terminal: Terminal): Promise<number>;
}

/** What every command has. */
export const helpOption: OptionTable = {
  help: { type: "boolean", short: "h", help: "Show this help." },
};

/** The text of a string option. @throws TauError `cli.usage` when it is empty */
export function textOption({ values }: ParsedArgs, name: string): string | undefined {
  const value = values[name];
  if (value === "") throw usageError(`--${name} is empty: give it a value, or leave it out.`);
  return typeof value === "string" ? value : undefined;
}

/** Whether a boolean option is given. */
export function flagOption({ values }: ParsedArgs, name: string): boolean {
  return values[name] === true;
}

/** A whole number of at least 1. @throws TauError `cli.usage` */
export function countOption(args: ParsedArgs, name: string): number | undefined {
  return numberOption(args, name, { min: 1, range: "of at least 1" });
}

/** The number of a TCP port, or 0 for any. @throws TauError `cli.usage` */
export function portOption(args: ParsedArgs): number | undefined {
  return numberOption(args, "port", { min: 0, max: 65_535, range: "from 0 to 65535" });
}

/** The host to listen on; a v6 address also in the brackets that it has in a URL. @throws TauError `cli.usage` */
export function hostOption(args: ParsedArgs): string | undefined {
  return textOption(args, "host")?.replace(/^\[(.*)\]$/u, "$1");
}

interface NumberRange {
  readonly min: number;
  readonly max?: number;
  /** Both in words. */
  readonly range: string;
}

function numberOption(
  args: ParsedArgs,
  name: string,
  { min, max = Number.MAX_SAFE_INTEGER, range }: NumberRange,
): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw usageError(`--${name} must be a whole number ${range}, not ${JSON.stringify(text)}.`);
}

/** One of a list of words. @throws TauError `cli.usage` */
export function choiceOption<T extends string>(
  args: ParsedArgs,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  const meant = didYouMean(text, choices);
  throw usageError(`--${name} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}.${meant}`);
}
