import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

import { didYouMean } from "./closest-word.ts";
import { helpOption } from "./command.ts";
import type { Command, OptionTable, ParsedArgs } from "./command.ts";
import { usageError } from "./usage-error.ts";

/** Parses a command's arguments. @throws TauError `cli.usage` */
export function parseCommand(command: Command, argv: readonly string[]): ParsedArgs {
  const table: OptionTable = { ...command.options, ...helpOption };
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type, short }] of Object.entries(table))
    options[name] = { type, ...(short === undefined ? {} : { short }) };
  const { positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    // What is wrong is said in our own words.
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    checkOption(token, table);
    values[token.name] = token.value ?? true;
  }
  checkWords(command, positionals);
  return { values, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken, table: OptionTable): void {
  const option = Object.hasOwn(table, name) ? table[name] : undefined;
  if (option === undefined) {
    const meant = didYouMean(
      rawName,
      Object.keys(table).map((known) => `--${known}`),
    );
    const short = rawName.startsWith("--") ? "" : " Words that begin with a dash go after a lone --.";
    throw usageError(`There is no option ${JSON.stringify(rawName)} here.${meant}${short}`);
  }
  if (option.type === "boolean" && value !== undefined)
    throw usageError(`${rawName} takes no value; leave ${JSON.stringify(`=${value}`)} out.`);
  if (option.type === "boolean") return;
  if (value === undefined)
    throw usageError(`${rawName} needs a value: ${rawName} ${option.value ?? "VALUE"}.`);
  if (inlineValue === false && value.startsWith("-") && value !== "-") {
    throw usageError(
      `${rawName} is followed by ${JSON.stringify(value)}, which looks like an option; if it is the value, write --${name}=${value}.`,
    );
  }
}

function checkWords({ maxWords, usage }: Command, words: readonly string[]): void {
  if (maxWords === undefined || words.length <= maxWords) return;
  throw usageError(`${JSON.stringify(words[maxWords])} is one word too many: tau ${usage}.`);
}
