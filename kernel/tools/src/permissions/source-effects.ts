import { posix } from "node:path";

import type { CallEffect } from "./call-effect.ts";
import { commandKey } from "./executed-file.ts";
import type { ExecutedFile } from "./executed-file.ts";
import type { ShellWord } from "./match-argv.ts";
import { namedResources } from "./named-resources.ts";
import { shellEffectsOf } from "./shell-commands.ts";
import type { Doubt, ShellCommand, ShellFile } from "./shell-effects.ts";

const maxFolders = 8;
const maxArgumentFiles = 1_000;

/** Shell source, where it runs, and what it would execute if that was found out. */
export interface SourceToRun {
  readonly source: string;
  readonly cwd: string;
  readonly files?: readonly ExecutedFile[];
}

interface KnownEffects {
  readonly home: string;
  readonly effects: readonly CallEffect[];
}

// The rules and the flow of information look at the same call, one after the other: it is read once for both.
const knownEffects = new WeakMap<SourceToRun, KnownEffects>();

/** Everything that running shell source would do. Nobody changes what is handed in. */
export function effectsOfSource(run: SourceToRun, home: string): readonly CallEffect[] {
  const known = knownEffects.get(run);
  if (known?.home === home) return known.effects;
  const effects = readSource(run, home);
  knownEffects.set(run, { home, effects });
  return effects;
}

function readSource({ source, cwd, files: executed }: SourceToRun, home: string): readonly CallEffect[] {
  const shell = shellEffectsOf(source, home);
  const doubts = [...shell.doubts];
  const folders = foldersOf(cwd, shell.folders);
  const known = folders.slice(0, maxFolders);
  if (known.length < folders.length) doubts.push(hidesFile("cd is used too often to tell the folder"));

  const resources = shell.commands.map(({ argv }) => namedResources(argv));
  const named = resources.flatMap(({ files }) => files);
  const computed = resources.find((found) => found.computed !== undefined)?.computed;
  if (computed !== undefined) doubts.push(hidesFile(`the argument ${computed.slice(0, 40)} is computed`));
  const hosts = new Set(resources.flatMap((found) => found.hosts).slice(0, maxArgumentFiles));
  const guessed = unique(
    named.slice(0, maxArgumentFiles).flatMap((file) => effectsOfFile(file, known, file.by)),
  );
  if (named.length > maxArgumentFiles) doubts.push(hidesFile("it has more arguments than can be looked at"));

  // Source that runs nothing, such as a comment or `[[ a ]]`, is a command without words: rules about all commands see it.
  const commands: readonly ShellCommand[] =
    shell.commands.length > 0 ? shell.commands : [{ argv: [], role: "plain" }];
  const moves = folders.map((path): CallEffect => ({ kind: "read", path, by: "redirect" }));
  return [
    ...commands.map((command): CallEffect => {
      const effect = { kind: "command", command, folders: known } as const;
      if (executed === undefined) return effect;
      const key = commandKey(command.argv);
      return { ...effect, files: executed.filter((file) => file.command === key) };
    }),
    ...guessed,
    ...[...hosts].map((host): CallEffect => ({ kind: "network", host, by: "argument" })),
    ...unique(shell.files.flatMap((file) => effectsOfFile(file, known, "redirect"))),
    ...(shell.folders.length > 0 ? moves : []),
    ...doubts.map((doubt): CallEffect => ({ kind: "doubt", doubt })),
  ];
}

function hidesFile(reason: string): Doubt {
  return { reason, hides: "file" };
}

function unique(effects: readonly CallEffect[]): readonly CallEffect[] {
  return [...new Map(effects.map((effect) => [keyOf(effect), effect])).values()];
}

function keyOf(effect: CallEffect): string {
  return "path" in effect ? `${effect.kind} ${effect.by} ${effect.path}` : JSON.stringify(effect);
}

/** Every folder the script may be in at some point: each `cd` may have happened, or have failed, or not be reached. */
export function foldersOf(cwd: string, changes: readonly ShellWord[]): readonly string[] {
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
  by: "redirect" | "argument" | "guess",
): readonly CallEffect[] {
  return pathsFrom(folders, target.value ?? "").flatMap((path): readonly CallEffect[] => {
    if (!path.startsWith("/dev/")) return [{ kind, path, by }];
    const host = /^\/dev\/(?:tcp|udp)\/([^/]+)/.exec(path)?.[1];
    if (host !== undefined) return by === "redirect" ? [{ kind: "network", host, by }] : [];
    if (/^\/dev\/(null|zero|full|tty|stdin|stdout|stderr|fd\/\d+)$/.test(path)) return [];
    return [{ kind, path, by }];
  });
}

/** Where a relative path may lead; an absolute one leads to one place from everywhere. */
function pathsFrom(folders: readonly string[], path: string): readonly string[] {
  if (posix.isAbsolute(path)) return [posix.resolve(path)];
  return [...new Set(folders.map((folder) => posix.resolve(folder, path)))];
}
