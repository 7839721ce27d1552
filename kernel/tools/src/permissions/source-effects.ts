import { posix } from "node:path";

import type { CallEffect } from "./call-effect.ts";
import type { ShellWord } from "./match-argv.ts";
import { shellEffectsOf } from "./shell-commands.ts";
import type { Doubt, ShellCommand, ShellFile } from "./shell-effects.ts";

const maxFolders = 8;
const maxArgumentFiles = 1_000;

/** Programs whose arguments are words, not files. */
const wordPrograms = new Set([
  "[",
  ":",
  "echo",
  "exit",
  "export",
  "false",
  "printf",
  "return",
  "test",
  "true",
  "type",
  "which",
]);

/** Programs that change the files they name. */
const writers = new Set(
  `chgrp chmod chown cp dd install ln mkdir mkfifo mv patch rm rmdir rsync sed shred tee touch truncate unlink`.split(
    " ",
  ),
);

/** Everything that running shell source in `cwd` would do. */
export function effectsOfSource(source: string, cwd: string, home: string): readonly CallEffect[] {
  const shell = shellEffectsOf(source, home);
  const doubts = [...shell.doubts];
  const folders = foldersOf(cwd, shell.folders);
  const known = folders.slice(0, maxFolders);
  if (known.length < folders.length) doubts.push(hidesFile("cd is used too often to tell the folder"));

  const named = shell.commands.flatMap(({ argv }) => filesOfArguments(argv));
  const guessed = unique(
    named.slice(0, maxArgumentFiles).flatMap((file) => effectsOfFile(file, known, "argument")),
  );
  if (named.length > maxArgumentFiles) doubts.push(hidesFile("it has more arguments than can be looked at"));

  // Source that runs nothing, such as a comment or `[[ a ]]`, is a command without words: rules about all commands see it.
  const commands: readonly ShellCommand[] =
    shell.commands.length > 0 ? shell.commands : [{ argv: [], role: "plain" }];
  const moves = folders.map((path): CallEffect => ({ kind: "read", path, by: "redirect" }));
  return [
    ...commands.map((command): CallEffect => ({ kind: "command", command, folders: known })),
    ...guessed,
    ...unique(shell.files.flatMap((file) => effectsOfFile(file, known, "redirect"))),
    ...(shell.folders.length > 0 ? moves : []),
    ...doubts.map((doubt): CallEffect => ({ kind: "doubt", doubt })),
  ];
}

function hidesFile(reason: string): Doubt {
  return { reason, hides: "file" };
}

function unique(effects: readonly CallEffect[]): readonly CallEffect[] {
  return [...new Map(effects.map((effect) => [JSON.stringify(effect), effect])).values()];
}

/** Every folder the script may be in at some point: each `cd` may have happened, or have failed, or not be reached. */
function foldersOf(cwd: string, changes: readonly ShellWord[]): readonly string[] {
  const folders = new Set([cwd]);
  for (const { value = "" } of changes) {
    if (folders.size > maxFolders) break;
    for (const path of folders.values().toArray()) folders.add(posix.resolve(path, value));
  }
  return [...folders];
}

function effectsOfFile(
  { kind, target }: ShellFile,
  folders: readonly string[],
  by: "redirect" | "argument",
): readonly CallEffect[] {
  const paths = new Set(folders.map((folder) => posix.resolve(folder, target.value ?? "")));
  return [...paths].flatMap((path): readonly CallEffect[] => {
    const host = /^\/dev\/(?:tcp|udp)\/([^/]+)/.exec(path)?.[1];
    if (host !== undefined) return by === "redirect" ? [{ kind: "network", host }] : [];
    if (/^\/dev\/(null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/.test(path)) return [];
    return [{ kind, path, by }];
  });
}

/** `cat .env`, `--file=.env`, `-f.env`, `@.env`, and the folder of `secrets/*`. */
function filesOfArguments(argv: readonly ShellWord[]): readonly ShellFile[] {
  const program = posix.basename(argv[0]?.value ?? "");
  if (wordPrograms.has(program)) return [];
  const kinds = writers.has(program) ? (["read", "write"] as const) : (["read"] as const);
  const paths = new Set(argv.slice(1).flatMap(pathsIn));
  return [...paths].flatMap((value) => kinds.map((kind) => ({ kind, target: { text: value, value } })));
}

function pathsIn({ text, value }: ShellWord): readonly string[] {
  if (value === undefined) {
    const known = text.replace(/[*?[{$`"'\\].*$/s, "");
    const folder = known.slice(0, known.lastIndexOf("/") + 1);
    return folder === "" ? [] : [folder];
  }
  const written = [value, value.slice(value.indexOf("=") + 1), value.replace(/^(@|-\w)/, "")];
  return written.filter((path) => path !== "");
}
