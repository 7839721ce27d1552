import { helpOption } from "./command.ts";
import type { Command } from "./command.ts";

/** The help of one command. */
export function commandHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, ...helpOption }).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const value = option.value === undefined ? "" : ` ${option.value}`;
    return [`  ${short}--${name}${value}`, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const indent = `\n${" ".repeat(width)}`;
  return [
    `Usage: tau ${command.usage}`,
    "",
    command.description,
    "",
    "Options:",
    ...rows.map(([left, help]) => left.padEnd(width) + help.replaceAll("\n", indent)),
    "",
    "Examples:",
    ...command.examples.map((line) => `  ${line}`),
    "",
  ].join("\n");
}
