import { posix } from "node:path";

import { unreachable } from "@tau/core";

import type { Access } from "../access.ts";
import type { EffectRequest } from "../permission.ts";
import type { ShellWord } from "./match-argv.ts";
import { shellEffectsOf } from "./shell-commands.ts";
import type { Doubt, ShellCommand, ShellFile } from "./shell-effects.ts";

/**
 * One thing a call would do, as rules look at it.
 *
 * A file's `by` tells how it is known: from the tool itself, from a redirection, or guessed from a command's argument.
 * A guess counts for deny and ask rules only.
 */
export type CallEffect =
  | { readonly kind: "read" | "write"; readonly path: string; readonly by: "tool" | "redirect" | "argument" }
  | { readonly kind: "command"; readonly command: ShellCommand; readonly folders: readonly string[] }
  | { readonly kind: "network"; readonly host: string }
  | { readonly kind: "doubt"; readonly doubt: Doubt }
  | { readonly kind: "other" };

const maxFolders = 16;

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

/** Everything a call would do: what its tool says it touches, with shell source taken apart. */
export function effectsOf(request: EffectRequest, home: string): readonly CallEffect[] {
  const effects = request.access.flatMap((access) => effectsOfAccess(access, request.workspace, home));
  return effects.length === 0 ? [{ kind: "other" }] : effects;
}

function effectsOfAccess(access: Access, workspace: string, home: string): readonly CallEffect[] {
  switch (access.kind) {
    case "read":
    case "write":
      return [{ kind: access.kind, path: posix.resolve(workspace, access.path), by: "tool" }];
    case "command":
      return effectsOfSource(access.source, posix.resolve(workspace, access.cwd), home);
    case "network":
    case "other":
      return [access];
    default:
      return unreachable(access);
  }
}

function effectsOfSource(source: string, cwd: string, home: string): readonly CallEffect[] {
  const shell = shellEffectsOf(source, home);
  const folders = foldersOf(cwd, shell.folders);
  const doubts = [...shell.doubts];
  if (folders.length > maxFolders) {
    folders.length = maxFolders;
    doubts.push({ reason: "cd is used too often to tell the folder", hides: "file" });
  }
  // Source without any command, such as a comment or `[[ a ]]`, is still a command to decide on.
  const empty = shell.commands.length + shell.files.length === 0;
  const commands: readonly ShellCommand[] = empty
    ? [{ argv: [{ text: source, value: undefined }], role: "plain" }]
    : shell.commands;
  return [
    ...commands.map((command): CallEffect => ({ kind: "command", command, folders })),
    ...commands.flatMap(({ argv }) => effectsOfArguments(argv, folders)),
    ...shell.files.flatMap((file) => effectsOfRedirect(file, folders)),
    ...shell.folders.flatMap((word) =>
      pathsOf(word.value, folders).map((path): CallEffect => ({ kind: "read", path, by: "redirect" })),
    ),
    ...doubts.map((doubt): CallEffect => ({ kind: "doubt", doubt })),
  ];
}

/** Every folder the script may be in at some point: each `cd` may have happened, or have failed, or not be reached. */
function foldersOf(cwd: string, changes: readonly ShellWord[]): string[] {
  const folders = new Set([cwd]);
  for (const { value } of changes) {
    if (folders.size > maxFolders) break;
    for (const path of pathsOf(value, [...folders])) folders.add(path);
  }
  return [...folders];
}

function pathsOf(value: string | undefined, folders: readonly string[]): readonly string[] {
  if (value === undefined) return [];
  return [...new Set(folders.map((folder) => posix.resolve(folder, value)))];
}

function effectsOfRedirect(file: ShellFile, folders: readonly string[]): readonly CallEffect[] {
  return pathsOf(file.target.value, folders).flatMap((path): readonly CallEffect[] => {
    const host = /^\/dev\/(?:tcp|udp)\/([^/]+)/.exec(path)?.[1];
    if (host !== undefined) return [{ kind: "network", host }];
    if (/^\/dev\/(null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/.test(path)) return [];
    return [{ kind: file.kind, path, by: "redirect" }];
  });
}

/** `cat .env`, `--file=.env`, `-f.env`, `@.env`, and the folder of `secrets/*`. */
function effectsOfArguments(argv: readonly ShellWord[], folders: readonly string[]): readonly CallEffect[] {
  const program = posix.basename(argv[0]?.value ?? "");
  if (wordPrograms.has(program)) return [];
  const kinds = writers.has(program) ? (["read", "write"] as const) : (["read"] as const);
  const candidates = argv.slice(1).flatMap(({ text, value }) => {
    if (value === undefined)
      return text.includes("/") ? [text.replace(/[*?[{$`"'\\].*$/s, "").replace(/[^/]*$/, "")] : [];
    return [value, value.slice(value.indexOf("=") + 1), value.replace(/^(@|-\w)/, "")];
  });
  const paths = new Set(candidates.filter((path) => path !== "").flatMap((path) => pathsOf(path, folders)));
  return [...paths].flatMap((path) => kinds.map((kind): CallEffect => ({ kind, path, by: "argument" })));
}
