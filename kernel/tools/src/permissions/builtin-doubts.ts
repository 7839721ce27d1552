import type { ShellWord } from "./match-argv.ts";
import type { Doubt } from "./shell-effects.ts";
import { carriesCommand, isRiskyEnvironment, isRiskyVariable } from "./shell-variables.ts";

/** Builtins that run text, or change what later words of the script mean. */
const rewriting: Readonly<Record<string, string>> = {
  ".": "runs the commands of a file in this shell",
  source: "runs the commands of a file in this shell",
  alias: "gives later words another meaning",
  bind: "binds keys to commands",
  compgen: "can run commands",
  complete: "can run commands",
  enable: "loads and removes builtins",
  fc: "runs earlier commands again",
  hash: "gives program names another place",
  let: "evaluates arithmetic, which can run commands",
  shopt: "changes how the rest is read",
};

const assigning = new Set(["declare", "export", "local", "readonly", "typeset"]);
const storing = new Set(["getopts", "mapfile", "printf", "read", "readarray", "unset", "wait", "test", "["]);

/** What is doubtful about running the builtin `program`, if it is one. */
export function builtinDoubts(program: string, args: readonly ShellWord[]): readonly Doubt[] {
  const why = Object.hasOwn(rewriting, program) ? rewriting[program] : undefined;
  if (why !== undefined) return [{ reason: `${program} ${why}`, hides: "command" }];
  if (program === "set") return setDoubts(args);
  if (assigning.has(program)) return args.flatMap((arg) => assignmentDoubts(program, arg));
  return storing.has(program) ? storeDoubts(program, args) : [];
}

function setDoubts(args: readonly ShellWord[]): readonly Doubt[] {
  const plain = args.every(
    ({ value }) =>
      value !== undefined && /^[-+]([euxvfbhC]+|[euxvfbhC]*o)$|^\w*(fail|exit|unset|trace)$/.test(value),
  );
  return plain ? [] : [{ reason: "set changes how the rest is read", hides: "command" }];
}

function assignmentDoubts(program: string, { text, value }: ShellWord): readonly Doubt[] {
  const name = /^\w+/.exec(text)?.[0];
  if (value !== undefined && /^-[pxrgFf]+$/.test(value)) return [];
  if (name === undefined || /^\w+\+?\[/.test(text)) {
    return [
      {
        reason: `${program} ${text.slice(0, 40)} evaluates arithmetic or names, which can run commands`,
        hides: "command",
      },
    ];
  }
  const risky =
    program === "export" || program === "declare" || program === "typeset"
      ? isRiskyEnvironment
      : isRiskyVariable;
  const hides = carriesCommand(name) ? "command" : "meaning";
  return risky(name) ? [{ reason: `${program} sets ${name} for what follows`, hides }] : [];
}

/** `read a[$(rm x)]`, `printf -v`, `test -v` and the like evaluate the name they are given. */
function storeDoubts(program: string, args: readonly ShellWord[]): readonly Doubt[] {
  const isTest = program === "test" || program === "[";
  const risky = isTest
    ? testsNames(args)
    : args.some(({ value }) => value === undefined || isRiskyName(value));
  const stores = program === "printf" ? /^-v|^$/.test(args[0]?.value ?? "") : true;
  return risky && stores
    ? [{ reason: `${program} may evaluate or replace a variable`, hides: "command" }]
    : [];
}

function isRiskyName(value: string): boolean {
  return /\[|^-\w*[CRv]/.test(value) || (/^[A-Z_]\w*$/.test(value) && isRiskyVariable(value));
}

/** Only `-v` and `-R` evaluate names; a word in quotes may be one of them where what follows it is a name with an index. */
function testsNames(args: readonly ShellWord[]): boolean {
  const computed = args.map(({ text, value }) => value === undefined && !/^"[^"@]*"$/.test(text));
  const evaluates = args.some(({ value }) => /^-[vR]$/.test(value ?? ""));
  const suspicious = args.some(({ value }) => value === undefined || value.includes("["));
  const adjacent = args.some(
    ({ value }, index) =>
      (value === undefined || value.includes("[")) && index > 0 && args[index - 1]?.value === undefined,
  );
  return computed.includes(true) || adjacent || (evaluates && suspicious);
}
