import { join, resolve } from "node:path/posix";

import { isTauError, TauError } from "@tau/core";

import { workspacePath } from "../builtin/workspace-path.ts";
import { collectCommand } from "../collect-command.ts";
import type { Environment, FileStat } from "../environment.ts";
import { isWithin } from "../host/path-policy.ts";
import type { ToolContext } from "../tool.ts";
import { gitVariables, includesFiles, settingVariables } from "./git-settings.ts";

/** A repository that was looked at and found to lead nowhere outside of the workspace. */
export interface Repository {
  /** The folder of its files. */
  readonly folder: string;
  readonly gitFolder: string;
  /** The keys of its settings, in Git's spelling: sections and last words in small letters. */
  readonly settings: readonly string[];
  /** Variables by which Git finds it, and obeys none of its settings that run programs. */
  readonly variables: Readonly<Record<string, string>>;
}

const timeoutMs = 30_000;
/** More than any path that a file of Git names. */
const maxTextBytes = 65_536;

/**
 * Opens the repository whose `.git` lies in this folder; folders above are not looked in.
 *
 * A repository is data that others wrote. It is refused when its `.git`, its links, its alternates or its settings
 * lead out of the workspace, because then Git would read or write there for whoever wrote it.
 *
 * @throws TauError `git.not_a_repository`, `git.unsafe_repository`
 */
export async function openRepository(path: string, context: ToolContext): Promise<Repository> {
  const { environment, signal } = context;
  const { workspace } = environment.info.profile;
  const root = await environment.realPath(workspace, signal);
  const folder = await realOf(workspacePath(workspace, path), context);
  if (!isWithin(folder, root)) throw unsafe(`The folder ${path} leads out of the workspace.`);
  const gitFolder = await findGitFolder(folder, root, context);
  await checkCommonFolder(gitFolder, root, context);
  await checkLinks(gitFolder, context);
  await checkAlternates(join(gitFolder, "objects"), root, context);
  const settings = await settingsOf(folder, gitFolder, context);
  if (settings.some(includesFiles))
    throw unsafe(
      "Its settings include other files (include.path or includeIf): take that out of .git/config.",
    );
  return {
    folder,
    gitFolder,
    settings,
    variables: { ...place(folder, gitFolder), ...settingVariables(settings) },
  };
}

function place(folder: string, gitFolder: string): Readonly<Record<string, string>> {
  return { GIT_DIR: gitFolder, GIT_WORK_TREE: folder, GIT_CEILING_DIRECTORIES: folder };
}

async function findGitFolder(folder: string, root: string, context: ToolContext): Promise<string> {
  const { environment, signal } = context;
  const at = join(folder, ".git");
  const kind = await kindOf(environment, at, signal);
  if (kind === undefined || kind === "other") {
    throw new TauError(
      "git.not_a_repository",
      `There is no Git repository in ${folder}: name the folder that has the .git, relative to the workspace.`,
    );
  }
  const named = kind === "directory" ? at : linkIn(await readText(at, context), folder);
  const gitFolder = await realOf(named, context);
  if (!isWithin(gitFolder, root)) throw unsafe("Its .git leads to a folder outside of the workspace.");
  return gitFolder;
}

function linkIn(text: string, folder: string): string {
  const named = /^gitdir: (.+?)\n?$/u.exec(text)?.[1];
  if (named === undefined) throw unsafe("Its .git is a file that names no folder.");
  return resolve(folder, named);
}

/** A work tree of a repository elsewhere reads that one's settings and objects. */
async function checkCommonFolder(gitFolder: string, root: string, context: ToolContext): Promise<void> {
  const text = await readText(join(gitFolder, "commondir"), context);
  if (text === "") return;
  const common = await realOf(resolve(gitFolder, text.trim()), context);
  if (!isWithin(common, root)) throw unsafe("It shares a repository outside of the workspace (commondir).");
  await checkLinks(common, context);
  await checkAlternates(join(common, "objects"), root, context);
}

/** Git writes through some links, such as that of a log. Hooks are never run, so their links lead nowhere. */
async function checkLinks(gitFolder: string, context: ToolContext): Promise<void> {
  const { environment, signal } = context;
  const hooks = join(gitFolder, "hooks");
  const argv = ["find", gitFolder, "-path", hooks, "-prune", "-o", "-type", "l", "-print0"] as const;
  const found = await collectCommand(environment, { argv: [...argv], timeoutMs, readOnly: true }, signal);
  if (found.exitCode !== 0) throw unsafe("Its .git cannot be searched for links.");
  for (const link of found.stdout.split("\0")) {
    if (link === "") continue;
    if (!isWithin(await realOf(link, context), gitFolder))
      throw unsafe("Its .git has links that lead out of it.");
  }
}

/** Objects of another repository would be shown as if they were of this one. */
async function checkAlternates(
  objects: string,
  root: string,
  context: ToolContext,
  depth = 0,
): Promise<void> {
  if ((await readText(join(objects, "info/http-alternates"), context)) !== "")
    throw unsafe("It borrows objects from elsewhere (http-alternates).");
  const text = await readText(join(objects, "info/alternates"), context);
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const borrowed = await realOf(resolve(objects, line), context);
    if (!isWithin(borrowed, root) || line.startsWith('"') || depth > 4)
      throw unsafe("It borrows objects from outside of the workspace (alternates).");
    await checkAlternates(borrowed, root, context, depth + 1);
  }
}

/** Listing settings runs nothing. */
async function settingsOf(
  folder: string,
  gitFolder: string,
  { environment, signal }: ToolContext,
): Promise<readonly string[]> {
  const { exitCode, stdout } = await collectCommand(
    environment,
    {
      argv: ["git", "--no-pager", "config", "--list", "--name-only", "-z", "--no-includes"],
      cwd: folder,
      env: { ...gitVariables([]), ...place(folder, gitFolder) },
      timeoutMs,
      readOnly: true,
      network: false,
    },
    signal,
  );
  if (exitCode !== 0) throw unsafe("Its settings cannot be read.");
  return stdout.split("\0").filter((key) => key !== "");
}

/** Where a path really leads. What may not be looked at is nowhere that a repository should lead. */
async function realOf(path: string, { environment, signal }: ToolContext): Promise<string> {
  try {
    return await environment.realPath(path, signal);
  } catch (error) {
    if (isTauError(error)) throw unsafe("It leads to a place that cannot be looked at.");
    throw error;
  }
}

async function kindOf(
  environment: Environment,
  path: string,
  signal: AbortSignal,
): Promise<FileStat["kind"] | undefined> {
  return (await statOf(environment, path, signal))?.kind;
}

async function statOf(
  environment: Environment,
  path: string,
  signal: AbortSignal,
): Promise<FileStat | undefined> {
  try {
    return await environment.stat(path, signal);
  } catch (error) {
    if (isTauError(error) && error.code === "environment.not_found") return undefined;
    throw error;
  }
}

/** The text of a file; empty when there is none. */
async function readText(path: string, { environment, signal }: ToolContext): Promise<string> {
  const found = await statOf(environment, path, signal);
  if (found === undefined) return "";
  if (found.size > maxTextBytes) throw unsafe(`It has a file of ${found.size} bytes where a line belongs.`);
  return Buffer.from(await environment.readFile(path, signal)).toString();
}

function unsafe(reason: string): TauError {
  return new TauError(
    "git.unsafe_repository",
    `This repository is not touched. ${reason} A person can look at it and repair it.`,
  );
}
