import { styleText } from "node:util";

import type { Terminal } from "./terminal.ts";

type Format = Parameters<typeof styleText>[0];

/** Colours a text where colours are wanted. */
export type Style = (format: Format, text: string) => string;

/** Colours on a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal is dumb. */
export function createStyle({ stdout, env }: Pick<Terminal, "stdout" | "env">): Style {
  const forced = (env["FORCE_COLOR"] ?? "0") !== "0";
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const wanted = !refused && (forced || stdout.isTTY === true);
  return (format, text) => (wanted ? styleText(format, text, { validateStream: false }) : text);
}
