import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";

import { usageError } from "./usage-error.ts";
import type { Terminal } from "./terminal.ts";

/** Options of a command, as node:util's parseArgs wants them, each with what it means. */
export type OptionTable = Readonly<
  Record<
    string,
    {
      readonly type: "string" | "boolean";
      readonly short?: string;
      readonly multiple?: boolean;
      /** What stands for the value in the help, for example `FILE`. */
      readonly value?: string;
      readonly help: string;
    }
  >
>;

/** What was on the command line. */
export interface ParsedArgs {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** One command of `tau`. */
export interface Command {
  /** For example `run "PROMPT" [options]`. */
  readonly usage: string;
  readonly description: string;
  readonly options: OptionTable;
  /** Lines that show how to use it. */
  readonly examples: readonly string[];
  run(args: ParsedArgs, terminal: Terminal): Promise<number>;
}

const helpOption: OptionTable = { help: { type: "boolean", short: "h", help: "Show this help." } };

/** Parses a command's arguments. @throws TauError `cli.usage` */
export function parseCommand(command: Command, argv: readonly string[]): ParsedArgs {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type, short, multiple = false }] of Object.entries({
    ...command.options,
    ...helpOption,
  })) {
    options[name] = { type, multiple, ...(short === undefined ? {} : { short }) };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
      strict: true,
    });
    return { values, positionals };
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, ...helpOption }).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const value = option.value === undefined ? "" : ` ${option.value}`;
    return [`  ${short}--${name}${value}`, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `Usage: tau ${command.usage}`,
    "",
    command.description,
    "",
    "Options:",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    ...(command.examples.length === 0
      ? []
      : ["", "Examples:", ...command.examples.map((line) => `  ${line}`)]),
    "",
  ].join("\n");
}

/** The text of a string option. */
export function textOption({ values }: ParsedArgs, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether a boolean option is given. */
export function flagOption({ values }: ParsedArgs, name: string): boolean {
  return values[name] === true;
}

/** A whole number of at least 1. @throws TauError `cli.usage` */
export function countOption(args: ParsedArgs, name: string): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw usageError(`--${name} must be a whole number of at least 1, not ${JSON.stringify(text)}.`);
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
  throw usageError(`--${name} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}.`);
}
