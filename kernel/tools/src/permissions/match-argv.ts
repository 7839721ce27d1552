import { posix } from "node:path";

import { isAnything } from "./argv-pattern.ts";
import type { ArgvPattern, WordPattern } from "./argv-pattern.ts";
import { matchesWildcard } from "./wildcard.ts";

/** A word of a command; `value` is absent when only running the shell would tell. */
export interface ShellWord {
  /** As written. */
  readonly text: string;
  /** What the program gets. */
  readonly value: string | undefined;
}

/** Whether a rule covers a command; `maybe` when that depends on words that are computed. */
export type Match = "yes" | "maybe" | "no";

/** Folders that only an administrator writes to: a program there is the one its name says. */
const systemFolders = new Set([
  "/bin",
  "/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
]);

/** Tells whether a program's absolute path is in one of the folders that only an administrator writes to. */
export function isInSystemFolder(program: string): boolean {
  return systemFolders.has(posix.dirname(posix.normalize(program)));
}

/**
 * Matches for an allow rule: word by word from the first, every word known.
 *
 * A bare name in the rule means the program the shell finds by that name, or the same in a system folder: never `./git`.
 */
export function matchesArgvExactly(
  pattern: ArgvPattern,
  argv: readonly ShellWord[],
  folders: { readonly workspace: string; readonly cwd: readonly string[] },
): boolean {
  const values = argv.map((word) => word.value);
  const [program, ...words] = values;
  if (program === undefined || values.includes(undefined)) return false;
  if (!pattern.program.some((alternative) => isProgram(alternative, program, folders))) return false;
  if (words.length < pattern.words.length || (words.length > pattern.words.length && !pattern.rest))
    return false;
  return pattern.words.every((expected, index) => matchesWord(expected, words[index] ?? ""));
}

function isProgram(
  alternative: WordPattern[number],
  program: string,
  folders: { readonly workspace: string; readonly cwd: readonly string[] },
): boolean {
  const [literal = ""] = alternative;
  if (alternative.length === 1 && literal.includes("/")) {
    const expected = posix.resolve(folders.workspace, literal);
    return program.includes("/") && folders.cwd.every((cwd) => posix.resolve(cwd, program) === expected);
  }
  if (!program.includes("/")) return matchesWildcard(alternative, program);
  return (
    (isInSystemFolder(program) && matchesWildcard(alternative, posix.basename(posix.normalize(program)))) ||
    isAnything([alternative])
  );
}

/**
 * Matches for a deny or ask rule: as much as the rule can mean.
 *
 * The program matches by name wherever it lies, the rule's options anywhere and in any order, its other words in order
 * with options between them, and whatever follows.
 */
export function matchesArgvBroadly(pattern: ArgvPattern, argv: readonly ShellWord[]): Match {
  const [program, ...words] = argv;
  const named = program === undefined ? "no" : matchesProgramName(pattern.program, program.value);
  if (named === "no") return "no";
  const options = pattern.words.filter(isOption);
  const operands = pattern.words.filter((word) => !isOption(word));
  const matches = [
    named,
    ...options.map((option) => findOption(option, words)),
    findOperands(operands, words),
  ];
  if (matches.includes("no")) return "no";
  return matches.includes("maybe") ? "maybe" : "yes";
}

function matchesProgramName(pattern: WordPattern, program: string | undefined): Match {
  if (isAnything(pattern)) return "yes";
  if (program === undefined) return "maybe";
  const name = posix.basename(program).toLowerCase();
  return programNames(pattern).some((wildcard) => matchesWildcard(wildcard, name)) ? "yes" : "no";
}

// A rule is compared with every word of every command, since any of them may begin another command.
const knownNames = new WeakMap<WordPattern, WordPattern>();

/** The names of a rule's programs without their folders, in lower case. */
function programNames(pattern: WordPattern): WordPattern {
  const known = knownNames.get(pattern);
  if (known !== undefined) return known;
  const names = pattern.map(
    (wildcard) => wildcard.join("*").split("/").at(-1)?.toLowerCase().split("*") ?? [],
  );
  knownNames.set(pattern, names);
  return names;
}

function matchesWord(pattern: WordPattern, value: string): boolean {
  return pattern.some((wildcard) => matchesWildcard(wildcard, value));
}

function isOption(word: WordPattern): boolean {
  return word.every(([start = ""]) => start.startsWith("-") && start !== "-" && start !== "--");
}

function findOption(option: WordPattern, words: readonly ShellWord[]): Match {
  const end = words.findIndex((word) => word.value === "--");
  const values = (end === -1 ? words : words.slice(0, end)).map((word) => word.value);
  const given = values.filter((value) => value?.startsWith("-") === true && value !== "-").map(String);
  if (option.some((wildcard) => hasOption(wildcard, given))) return "yes";
  if (values.includes(undefined)) return "maybe";
  return option.some((wildcard) => mayHaveOption(wildcard, given)) ? "maybe" : "no";
}

/**
 * Only the program knows that `-r`, `-R` and `--recursive` are the same; that they begin alike is reason enough to ask
 * about `rm --recursive --force` when a rule is about `rm -rf`.
 */
function mayHaveOption(option: WordPattern[number], given: readonly string[]): boolean {
  const literal = option.length === 1 ? (option[0] ?? "").toLowerCase() : "";
  const short = given.filter((word) => /^-[^-]/.test(word)).join("");
  const wanted = /^--[a-z]/.test(literal) ? literal.slice(2, 3) : /^-[a-z0-9]+$/.exec(literal)?.[0].slice(1);
  if (wanted === undefined) return false;
  return wanted
    .split("")
    .every(
      (letter) =>
        short.toLowerCase().includes(letter) ||
        given.some((word) => word.toLowerCase().startsWith(`--${letter}`)),
    );
}

function hasOption(option: WordPattern[number], given: readonly string[]): boolean {
  const literal = option.length === 1 ? (option[0] ?? "") : "";
  if (/^-[a-z0-9]+$/i.test(literal)) {
    // `-rf`, `-fr`, `-r -f` and `-rvf` are the same to a program.
    const letters = given.filter((word) => /^-[^-]/.test(word)).join("");
    if (
      literal
        .slice(1)
        .split("")
        .every((letter) => letters.includes(letter))
    )
      return true;
  }
  return given.some((word) => {
    const name = word.split("=", 1)[0] ?? word;
    const abbreviated = name.startsWith("--") && name.length > 4 && literal.startsWith(name);
    return abbreviated || matchesWildcard(option, word) || matchesWildcard(option, name);
  });
}

/** `npm publ` is `npm publish` to npm. */
function abbreviates(expected: WordPattern, value: string): boolean {
  return (
    value.length > 2 &&
    expected.some(([start = ""]) => start.length > value.length && start.startsWith(value))
  );
}

function findOperands(operands: readonly WordPattern[], words: readonly ShellWord[]): Match {
  let found = 0;
  let afterOption = false;
  for (const { value } of words) {
    const expected = operands[found];
    if (expected === undefined) return "yes";
    if (value === undefined) return "maybe";
    if (matchesWord(expected, value)) {
      found++;
      afterOption = false;
    } else if (abbreviates(expected, value)) {
      return "maybe";
    } else if (value.startsWith("-")) {
      afterOption = !value.includes("=") && value !== "--";
    } else if (afterOption) {
      afterOption = false; // the option's value
    } else {
      return "no";
    }
  }
  return found === operands.length ? "yes" : "no";
}
