import type { Assignment, Word, WordPart } from "unbash";

import type { ShellWord } from "./match-argv.ts";

/** What a word of the source becomes; its value is left out unless quotes and `~/` are all there is to expand. */
export function toShellWord(node: Word | Assignment, home: string): ShellWord {
  if (node.type === "Assignment") {
    const value = node.value.type === "Word" ? toShellWord(node.value, home).value : undefined;
    const known = value !== undefined && node.index === undefined;
    return {
      text: node.text,
      value: known ? `${node.name}${node.append === true ? "+" : ""}=${value}` : undefined,
    };
  }
  return { text: node.text, value: valueOf(node, home) };
}

function valueOf(word: Word, home: string): string | undefined {
  if (word.parts?.every(isFixed) === false) return undefined;
  if (!word.text.startsWith("~")) return word.value;
  if (word.text === "~") return home;
  return word.text.startsWith("~/") ? home + word.value.slice(1) : undefined;
}

function isFixed(part: WordPart): boolean {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return true;
    case "DoubleQuoted":
      return part.parts.every((inner) => inner.type === "Literal");
    default:
      return false;
  }
}
