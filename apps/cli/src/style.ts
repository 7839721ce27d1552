import { stripVTControlCharacters, styleText } from "node:util";

import type { Terminal } from "./terminal.ts";

type Format = Parameters<typeof styleText>[0];

/** Colours a text where colours are wanted. */
export type Style = (format: Format, text: string) => string;

/** Colours on a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal is dumb. */
export function createStyle({ stdout, env }: Terminal): Style {
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const wanted = !refused && (forced || stdout.isTTY === true);
  return (format, text) => (wanted ? styleText(format, text, { validateStream: false }) : text);
}

/**
 * Makes text of models, tools and files harmless for a terminal: it can neither move the cursor, nor set the
 * title or the clipboard, nor turn the direction of writing.
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n" || character === "\t" ? character : "",
  );
}
