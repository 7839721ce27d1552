import { posix } from "node:path";

import { isInSystemFolder } from "./match-argv.ts";
import type { ShellWord } from "./match-argv.ts";
import type { Doubt, ShellCommand } from "./shell-effects.ts";
import { isInputFile } from "./hidden-code.ts";
import { carriesCommand, isRiskyEnvironment } from "./shell-variables.ts";
import { isLauncher, wrapperOf } from "./wrappers.ts";
import type { Wrapper } from "./wrappers.ts";

/** What a command's words hold beside its own name and arguments. */
export interface Unwrapped {
  readonly role: ShellCommand["role"];
  /** The commands it runs, by their words. */
  readonly inner: readonly (readonly ShellWord[])[];
  /** The shell source it runs. */
  readonly scripts: readonly string[];
  readonly doubts: readonly Doubt[];
}

const plain: Unwrapped = { role: "plain", inner: [], scripts: [], doubts: [] };

const shells = new Set("ash bash dash ksh mksh rbash sh yash zsh".split(" "));

/** Shells that read all that the parser reads as the parser does. */
const bashes = new Set(["bash", "rbash"]);

/** Shells that do so for what POSIX describes. */
const plainShells = new Set(["ash", "dash", "sh"]);

/**
 * What Bash and a plain shell read differently, wherever it stands: `a &>b rm c` runs `a` in Bash, and `rm c` too in
 * dash. Looked for in the text, for the tree is Bash's. What begins inside of something else is found where it begins, so that
 * no text is looked through again for each of its braces.
 */
const bashOnly =
  /&>|\|&|;&|;;&|>&[^\d-]|<<<|[<>]\(|\$['"[]|\[\[|\(\(|\$\{ |\{[^{}]*(?:,|\.\.)|[=+]\(|\b(?:function|select|coproc|time)\b|\$\{(?:[^}$]|\$(?!\{))*(?:[\^@,/!]|\[)|\{\w+\}[<>]|[?*+@!]\(/;

/** Looks into a command that runs other commands: `env`, `timeout`, `sudo`, `xargs`, `find -exec`, `bash -c`, `eval`, `trap`. */
export function unwrapCommand(argv: readonly ShellWord[]): Unwrapped {
  const program = argv[0]?.value ?? "";
  const name = posix.basename(program).toLowerCase();
  const unwrapped = unwrapByName(name, argv.slice(1));
  const ownName = !program.includes("/") || isInSystemFolder(program);
  return unwrapped.role === "transparent" && !ownName ? { ...unwrapped, role: "launcher" } : unwrapped;
}

function unwrapByName(name: string, args: readonly ShellWord[]): Unwrapped {
  if (shells.has(name)) return unwrapShell(name, args);
  if (name === "eval" || name === "trap")
    return unwrapText(name, args[0]?.value === "--" ? args.slice(1) : args);
  if (name === "find") return unwrapFind(args);
  if (name === "command" && onlyLooksUp(args)) return plain;
  const wrapper = wrapperOf(name);
  if (wrapper !== undefined) return unwrapWrapper(name, wrapper, args);
  return isLauncher(name) ? unwrapLauncher(name, args) : plain;
}

/** `command -v rm` only tells what `rm` is; `command rm -v` runs it. */
function onlyLooksUp(args: readonly ShellWord[]): boolean {
  const end = args.findIndex(({ value }) => value?.startsWith("-") !== true || value === "--");
  return args.slice(0, end === -1 ? undefined : end).some(({ value }) => /^-p?[vV]+$/.test(value ?? ""));
}

function unwrapLauncher(name: string, args: readonly ShellWord[]): Unwrapped {
  const text = args.find(({ value }) => value === undefined || /\s/.test(value));
  const doubts = text === undefined ? [] : [hidden(`${name} may run ${text.text.slice(0, 40)}`)];
  return { ...plain, role: "launcher", doubts };
}

function unwrapText(name: string, args: readonly ShellWord[]): Unwrapped {
  // `trap TEXT SIGNAL…` takes the first word, `eval` joins all of them.
  const values = (name === "trap" ? args.slice(0, 1) : args).map(({ value }) => value);
  if (values.includes(undefined)) return { ...plain, doubts: [hidden(`${name} runs text that is computed`)] };
  return { ...plain, role: "transparent", scripts: values[0] === "-" ? [] : [values.join(" ")] };
}

function unwrapShell(name: string, args: readonly ShellWord[]): Unwrapped {
  let takesText = false;
  let usual = true;
  let at = 0;
  for (; at < args.length; at++) {
    const value = args[at]?.value;
    if (value === undefined)
      return { ...plain, doubts: [hidden(`${name} is called with computed arguments`)] };
    if (value === "--" || value === "-") {
      at++;
      break;
    }
    if (!/^[-+]./.test(value)) break;
    // Bash takes `+c` for `-c`.
    if (/^[-+][^-]*c/.test(value)) takesText = true;
    usual &&= /^[-+][ceuvxfo]+$/.test(value);
    // Each `o` of a cluster takes a word of its own.
    if (/^[-+][^-]/.test(value)) at += value.match(/[oO]/g)?.length ?? 0;
    if (/^--(rcfile|init-file)$/.test(value)) at++;
  }

  const text = args[at];
  if (takesText) {
    if (text?.value === undefined)
      return { ...plain, doubts: [hidden(`${name} -c runs text that is computed`)] };
    const doubts = dialectDoubts(name, text.value);
    usual &&= doubts.length === 0;
    return { role: usual ? "transparent" : "launcher", inner: [], scripts: [text.value], doubts };
  }
  const asksOnly = args.length === 1 && args[0]?.value === "--version";
  const readsInput =
    text === undefined ||
    isInputFile(text.value) ||
    args.slice(0, at).some(({ value }) => /^[-+][^-]*s/.test(value ?? ""));
  return readsInput && !asksOnly
    ? { ...plain, doubts: [hidden(`${name} runs what it reads from its input`)] }
    : plain;
}

function dialectDoubts(name: string, script: string): readonly Doubt[] {
  if (bashes.has(name) || (plainShells.has(name) && !bashOnly.test(script))) return [];
  return [hidden(`${name} may read the text in another way than Bash`)];
}

function unwrapFind(args: readonly ShellWord[]): Unwrapped {
  const inner: ShellWord[][] = [];
  for (let at = 0; at < args.length; at++) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(args[at]?.value ?? "")) continue;
    const words = args.slice(at + 1);
    const end = words.findIndex(({ value }) => value === ";" || value === "+");
    const command = words.slice(0, end === -1 ? undefined : end);
    inner.push(
      command.map((word) => (word.text.includes("{}") ? { text: word.text, value: undefined } : word)),
    );
    at += command.length;
  }
  return { ...plain, role: inner.length > 0 ? "launcher" : "plain", inner };
}

function unwrapWrapper(name: string, wrapper: Wrapper, args: readonly ShellWord[]): Unwrapped {
  const options = skipOptions(name, wrapper, args);
  const doubts = [...options.doubts];
  let at = options.next;
  for (; wrapper.assignments === true; at++) {
    const variable = /^([^=]+)=/.exec(args[at]?.value ?? "")?.[1];
    if (variable === undefined) break;
    const hides = carriesCommand(variable) ? "command" : "meaning";
    if (isRiskyEnvironment(variable)) doubts.push({ reason: `${name} sets ${variable}`, hides });
  }
  at += wrapper.operands ?? 0;

  const command = args.slice(at);
  const added = wrapper.addsWords === true ? [{ text: "…", value: undefined }] : [];
  const placeholder = name === "xargs" ? placeholderOf(args.slice(0, at)) : undefined;
  const words = command.map((word) =>
    placeholder !== undefined && word.text.includes(placeholder)
      ? { text: word.text, value: undefined }
      : word,
  );
  const role =
    wrapper.transparent === true && command.length > 0 && options.doubts.length === 0
      ? "transparent"
      : "launcher";
  return { role, inner: command.length > 0 ? [[...words, ...added]] : [], scripts: [], doubts };
}

function skipOptions(
  name: string,
  wrapper: Wrapper,
  args: readonly ShellWord[],
): { readonly next: number; readonly doubts: readonly Doubt[] } {
  const flags = wrapper.flags?.split(/\s+/) ?? [];
  const options = wrapper.options?.split(/\s+/) ?? [];
  const doubts: Doubt[] = [];
  for (let at = 0; at < args.length; at++) {
    const value = args[at]?.value;
    if (value === undefined)
      return { next: at, doubts: [hidden(`${name} is called with computed arguments`)] };
    if (value === "--") return { next: at + 1, doubts };
    if (flags.includes(value)) continue;
    if (options.includes(value)) at++;
    else if (!value.startsWith("-")) return { next: at, doubts };
    else if (!isKnownOption(value, flags, options)) {
      doubts.push(hidden(`the option ${value.slice(0, 40)} of ${name} is not one that is understood`));
    }
  }
  return { next: args.length, doubts };
}

/** `--signal=KILL`, `-n5`, `-0r` and the `-10` of nice. */
function isKnownOption(value: string, flags: readonly string[], options: readonly string[]): boolean {
  if (value.startsWith("--")) return options.includes(value.split("=", 1)[0] ?? value);
  if (options.includes(value.slice(0, 2))) return true;
  return (
    /^-\d+$/.test(value) ||
    value
      .slice(1)
      .split("")
      .every((letter) => flags.includes(`-${letter}`))
  );
}

function placeholderOf(options: readonly ShellWord[]): string {
  const at = options.findIndex(({ value }) => /^-I|^--replace/.test(value ?? ""));
  const value = options[at]?.value ?? "";
  const attached = value.replace(/^-I|^--replace=?/, "");
  return attached === "" ? ((value === "-I" ? options[at + 1]?.value : undefined) ?? "{}") : attached;
}

function hidden(reason: string): Doubt {
  return { reason, hides: "command" };
}
