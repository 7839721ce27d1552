import type { Assignment, Command, Redirect, SyntaxNode, Word } from "unbash";

import { arrayDoubts, noteArray, noteBuiltin } from "./array-doubts.ts";
import type { ArrayNotes } from "./array-doubts.ts";
import { builtinDoubts } from "./builtin-doubts.ts";
import { hiddenCodeIn } from "./hidden-code.ts";
import { loadUnbash } from "./load-unbash.ts";
import type { ShellWord } from "./match-argv.ts";
import type { Doubt, ShellEffects } from "./shell-effects.ts";
import { syntaxDoubt } from "./syntax-doubt.ts";
import { carriesCommand, isRiskyEnvironment, isRiskyVariable } from "./shell-variables.ts";
import { toShellWord } from "./shell-word.ts";
import { unwrapCommand } from "./unwrap-command.ts";
import { writtenCodeDoubts } from "./written-code.ts";

const maxSourceLength = 50_000;
const maxWords = 3_000;
const maxNesting = 8;

/**
 * Lists what running `source` in Bash would do: its commands wherever they stand (pipelines, substitutions, function
 * bodies, `bash -c` texts), the files its redirections open, and every doubt about the list. Never throws.
 */
export function shellEffectsOf(source: string, home: string): ShellEffects {
  const effects: ShellEffects = { commands: [], files: [], folders: [], doubts: [] };
  const arrays: ArrayNotes = { arrays: new Set(), assigned: new Set() };
  readScript(source, { effects, home, nesting: 0, repeated: false, words: { count: 0 }, arrays });
  effects.doubts.push(...writtenCodeDoubts(effects), ...arrayDoubts(arrays));
  return effects;
}

interface Context {
  readonly effects: ShellEffects;
  readonly home: string;
  /** How many shells deep the source is quoted. */
  readonly nesting: number;
  /** Whether the node may run more than once, so that a `cd` in it has no one place. */
  readonly repeated: boolean;
  /** Words looked at so far, so that a huge command cannot keep the process busy. */
  readonly words: { count: number };
  readonly arrays: ArrayNotes;
}

function readScript(source: string, context: Context): void {
  if (source.length > maxSourceLength) return doubt(context, "the command is too long to be read");
  if (context.nesting > maxNesting) return doubt(context, "shells are nested too deeply");
  if (source.includes("\0")) doubt(context, "the command contains a NUL character");
  try {
    visit(loadUnbash().parse(source.replaceAll("\0", "")), context);
  } catch (error) {
    // The parser is not ours: whatever it trips over is not to be trusted to run.
    doubt(context, `the command cannot be read (${error instanceof Error ? error.name : "error"})`);
  }
}

function doubt(context: Context, reason: string, hides: Doubt["hides"] = "command"): void {
  context.effects.doubts.push({ reason, hides });
}

function visit(node: SyntaxNode, context: Context): void {
  const found = syntaxDoubt(node);
  if (found !== undefined) context.effects.doubts.push(found);
  noteArray(context.arrays, node);
  switch (node.type) {
    case "Command":
      readCommand(node, context);
      break;
    case "Redirect":
      readRedirect(node, context);
      break;
    case "For":
    case "Select":
      checkVariable(node.name.value, context);
      break;
    case "FileDescriptorVariable":
      checkVariable(node.name, context);
      break;
    default:
  }
  const repeats = /^(For|ArithmeticFor|While|Select|Function)$/.test(node.type);
  const inner = repeats ? { ...context, repeated: true } : context;
  loadUnbash().forEachChild(node, (child) => visit(child, inner));
}

function readCommand(node: Command, context: Context): void {
  for (const item of node.prefix) {
    if (item.type !== "Assignment") continue;
    if (node.name === undefined) checkVariable(item.name, context);
    else if (isRiskyEnvironment(item.name))
      doubt(context, `${item.name} is set for a command`, hiddenBy(item.name));
  }
  if (node.name === undefined) return;
  const words: readonly (Word | Assignment)[] = [node.name, ...node.args];
  addCommand(
    words.map((word) => toShellWord(word, context.home)),
    context,
  );
}

function addCommand(argv: readonly ShellWord[], context: Context): void {
  const { commands, doubts } = context.effects;
  const [program, ...args] = argv;
  context.words.count += argv.length;
  if (context.words.count > maxWords) {
    if (context.words.count - argv.length <= maxWords)
      doubt(context, "the command has too many words to be read");
    return;
  }
  if (program?.value === undefined) {
    commands.push({ argv, role: "plain" });
    return doubt(context, `the program's name ${program?.text.slice(0, 40) ?? ""} is computed`);
  }
  if (!/^[\x21-\x7e]+$/.test(program.value)) doubt(context, "the program's name has unusual characters");

  const unwrapped = unwrapCommand(argv);
  commands.push({ argv, role: unwrapped.role });
  doubts.push(...unwrapped.doubts);
  readBuiltin(program.value, args, context);

  const inner = { ...context, nesting: context.nesting + 1 };
  if (unwrapped.inner.length > 0 && inner.nesting > maxNesting)
    return doubt(context, "commands are nested too deeply");
  for (const command of unwrapped.inner) addCommand(command, inner);
  for (const script of unwrapped.scripts) readScript(script, inner);
}

function readBuiltin(program: string, args: readonly ShellWord[], context: Context): void {
  const name = (program.split("/").at(-1) ?? program).toLowerCase();
  context.effects.doubts.push(...builtinDoubts(name, args));
  noteBuiltin(context.arrays, name, args);
  const hiddenCode = hiddenCodeIn(
    name,
    args.map(({ value }) => value),
  );
  if (hiddenCode !== undefined) doubt(context, hiddenCode);

  if (name !== "cd" && name !== "pushd") return;
  const target = args.find(({ value }) => value === undefined || !/^-[LPe@]*$|^--$/.test(value));
  if (args.some(({ value }) => value === "-")) return;
  if (context.repeated || (target !== undefined && target.value === undefined)) {
    doubt(context, "cd goes to a folder that is computed", "file");
  } else {
    context.effects.folders.push(target ?? { text: "~", value: context.home });
  }
}

function readRedirect(node: Redirect, context: Context): void {
  if (node.target === undefined) return;
  const target = toShellWord(node.target, context.home);
  const copies = node.operator === ">&" || node.operator === "<&";
  if (copies && /^(\d+-?|-)$/.test(target.value ?? "")) return;
  // Bash closes at the dash, and takes what is behind it for the next word: `<&-rm x` runs `rm x`.
  if (copies && /^\d*-/.test(target.text))
    return doubt(context, "a word is stuck to a redirection that closes");
  if (target.value === undefined)
    return doubt(context, `the file ${target.text.slice(0, 40)} is computed`, "file");
  if (node.operator.includes(">")) context.effects.files.push({ kind: "write", target });
  if (node.operator.startsWith("<")) context.effects.files.push({ kind: "read", target });
}

function checkVariable(name: string, context: Context): void {
  if (isRiskyVariable(name)) doubt(context, `${name} is set for what follows`, hiddenBy(name));
}

/** `PS4='$(rm x)'` holds a command; `PATH=x` changes which file a name means. */
function hiddenBy(variable: string): Doubt["hides"] {
  return carriesCommand(variable) ? "command" : "meaning";
}
