import { invalidRule } from "./invalid-rule.ts";
import type { Wildcard } from "./wildcard.ts";

/** What one word of a command may be; one wildcard per alternative. */
export type WordPattern = readonly Wildcard[];

/** A command's words, ready to be matched by {@link matchesArgvExactly} or {@link matchesArgvBroadly}. */
export interface ArgvPattern {
  readonly program: WordPattern;
  readonly words: readonly WordPattern[];
  /** Whether the pattern ends in ` *`: any further words. */
  readonly rest: boolean;
}

/** Reads `git (status|diff) *`: words between spaces, `(a|b)` for either, quotes for words with spaces. */
export function parseArgvPattern(rule: string, text: string): ArgvPattern {
  const words = splitWords(rule, text);
  const [program] = words;
  if (program === undefined) {
    throw invalidRule(
      rule,
      "names no program",
      "Write the command's words, such as bash(npm test), or only bash",
    );
  }
  const rest = isAnything(words.at(-1) ?? []);
  return { program, words: words.slice(1, rest && words.length > 1 ? -1 : undefined), rest };
}

/** Tells whether a word pattern is a lone `*`. */
export function isAnything(word: WordPattern): boolean {
  return word.length === 1 && word[0]?.length === 2 && word[0].every((piece) => piece === "");
}

const lexeme =
  /(?<quoted>'[^']*'|"[^"]*")|\\(?<escaped>.)|(?<space>\s+)|(?<special>[*()|])|(?<plain>[^\s*()|'"\\<>;&`$]+)/suy;

/** Reads the pattern once; what is quoted or escaped loses its special meaning. */
function splitWords(rule: string, text: string): readonly WordPattern[] {
  const words: string[][][] = [];
  let word: string[][] | undefined;
  let group = false;

  for (const { quoted, escaped, space, special, plain } of lexemes(rule, text)) {
    if (special === "(" && word === undefined) {
      group = true;
      words.push((word = [[""]]));
    } else if (special === ")" && group) {
      group = false;
      word = undefined;
    } else if (special === "|" && group) {
      word?.push([""]);
    } else if (space !== undefined && !group) {
      word = undefined;
    } else if (special !== undefined && special !== "*") {
      throw invalidRule(
        rule,
        `has ${special} inside a word`,
        "Write alternatives as a word of their own: git (status|diff)",
      );
    } else {
      if (word === undefined) words.push((word = [[""]]));
      const pieces = word.at(-1) ?? [];
      if (special === "*") pieces.push("");
      else pieces.push((pieces.pop() ?? "") + (quoted?.slice(1, -1) ?? escaped ?? space ?? plain ?? ""));
    }
  }
  if (group) throw invalidRule(rule, "has an open (", "Close the group with )");
  return words;
}

function* lexemes(rule: string, text: string): Generator<Record<string, string | undefined>> {
  lexeme.lastIndex = 0;
  for (let at = 0; at < text.length; at = lexeme.lastIndex) {
    lexeme.lastIndex = at;
    const found = lexeme.exec(text);
    if (found?.groups === undefined) {
      const problem = `cannot be read from ${JSON.stringify(text.slice(at, at + 20))} on`;
      throw invalidRule(
        rule,
        problem,
        "A rule describes one command: close or escape quotes, and quote characters the shell acts on",
      );
    }
    yield found.groups;
  }
}
