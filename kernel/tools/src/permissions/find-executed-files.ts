import { homedir } from "node:os";
import { posix } from "node:path";

import { isTauError } from "@tau/core";

import type { Access } from "../access.ts";
import type { Environment } from "../environment.ts";
import { isWithin } from "../host/path-policy.ts";
import { sha256 } from "../sha256.ts";
import { codeFilesOf, packageScripts } from "./code-files.ts";
import { commandKey } from "./executed-file.ts";
import type { ExecutedFile } from "./executed-file.ts";
import type { ShellWord } from "./match-argv.ts";
import { shellEffectsOf } from "./shell-commands.ts";
import { foldersOf } from "./source-effects.ts";

const maxFiles = 64;
const maxBytes = 2_000_000;
const maxDepth = 3;

/** Words that Bash runs itself. */
const builtins = new Set(
  `. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable
  eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd
  read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias
  unset wait`.split(/\s+/),
);

/** What {@link findExecutedFiles} needs. */
export interface FindOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Programs whose content counts wherever they lie, by name; see `PermissionPolicy.hashedPrograms`. */
  readonly hashed?: readonly string[];
}

/** Adds to commands which files they would execute, and what is in those. Never throws but on abort. */
export async function findExecutedFiles(
  access: readonly Access[],
  options: FindOptions,
): Promise<readonly Access[]> {
  const found: Access[] = [];
  for (const one of access) {
    if (one.kind !== "command") found.push(one);
    else found.push({ ...one, files: await new FileSearch(options).run(one.source, one.cwd) });
  }
  return found;
}

/** One search: remembers what it read, and ends at a number of files. */
class FileSearch {
  readonly #options: FindOptions;
  readonly #home = homedir();
  readonly #found = new Map<string, ExecutedFile>();
  readonly #texts = new Map<string, string>();

  constructor(options: FindOptions) {
    this.#options = options;
  }

  async run(source: string, cwd: string): Promise<readonly ExecutedFile[]> {
    const { workspace } = this.#options.environment.info.profile;
    await this.#search(source, posix.resolve(workspace, cwd), { depth: 0, command: undefined });
    return [...this.#found.values()];
  }

  async #search(
    source: string,
    cwd: string,
    { depth, command }: { readonly depth: number; readonly command: string | undefined },
  ): Promise<void> {
    const shell = shellEffectsOf(source, this.#home);
    const folders = foldersOf(cwd, shell.folders).slice(0, 4);
    for (const { argv } of shell.commands) {
      if (this.#found.size >= maxFiles) return;
      const key = command ?? commandKey(argv);
      await this.#program(argv, folders, key);
      for (const path of codeFilesOf(argv)) {
        for (const folder of folders) {
          const file = posix.resolve(folder, path);
          await this.#add({ command: key, path: file, role: "code" });
          if (depth >= maxDepth || posix.basename(file) !== "package.json") continue;
          for (const script of packageScripts(argv, this.#texts.get(file) ?? ""))
            await this.#search(script, folder, { depth: depth + 1, command: key });
        }
      }
    }
  }

  async #program(argv: readonly ShellWord[], folders: readonly string[], command: string): Promise<void> {
    const name = argv[0]?.value;
    if (name === undefined || builtins.has(name)) return;
    if (name.includes("/")) {
      for (const folder of folders)
        await this.#add({ command, path: posix.resolve(folder, name), role: "program" });
      return;
    }
    const { programPath } = this.#options.environment.info;
    if (programPath === undefined) return;
    for (const entry of programPath) {
      const path = posix.resolve(folders[0] ?? "/", entry, name);
      const stat = await this.#quietly((environment, signal) => environment.stat(path, signal));
      if (stat?.kind !== "file" || (stat.mode & 0o111) === 0) continue;
      return await this.#add({ command, path, role: "program" });
    }
    const missing = { command, path: name, role: "program", content: "absent", inWorkspace: false } as const;
    this.#found.set(`${command}\0${name}`, missing);
  }

  async #add(file: Pick<ExecutedFile, "command" | "path" | "role">): Promise<void> {
    const key = `${file.command}\0${file.path}`;
    if (this.#found.has(key) || this.#found.size >= maxFiles) return;
    const inWorkspace = await this.#isInWorkspace(file.path);
    this.#found.set(key, { ...file, content: await this.#contentOf(file, inWorkspace), inWorkspace });
  }

  async #isInWorkspace(path: string): Promise<boolean> {
    const real = await this.#quietly((environment, signal) => environment.realPath(path, signal));
    const { workspace } = this.#options.environment.info.profile;
    return isWithin(path, workspace) || isWithin(real ?? path, workspace);
  }

  async #contentOf(
    { path, role }: Pick<ExecutedFile, "path" | "role">,
    inWorkspace: boolean,
  ): Promise<string> {
    const stat = await this.#quietly((environment, signal) => environment.stat(path, signal));
    if (stat === undefined) return "absent";
    const isHashed = this.#options.hashed?.includes(posix.basename(path)) === true;
    if (role === "program" && !inWorkspace && !isHashed) return "unread";
    if (stat.kind !== "file" || (stat.size > maxBytes && !isHashed)) return "unread";
    const bytes = await this.#quietly((environment, signal) => environment.readFile(path, signal));
    if (bytes === undefined) return "unread";
    if (posix.basename(path) === "package.json") this.#texts.set(path, new TextDecoder().decode(bytes));
    return `sha256:${sha256(bytes)}`;
  }

  /** Undefined for what is not there or not to be seen. */
  async #quietly<T>(
    act: (environment: Environment, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const { environment, signal } = this.#options;
    try {
      return await act(environment, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isTauError(error)) return undefined;
      throw error;
    }
  }
}
