import { unreachable } from "@tau/core";

import { workspacePath } from "../builtin/workspace-path.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { textOutput } from "../tool-output.ts";
import { nameOf, pathsOf, revisionOf } from "./git-values.ts";
import { openRepository } from "./open-repository.ts";
import type { Repository } from "./open-repository.ts";
import { runGit } from "./run-git.ts";
import { assertFields, needed, repositoryField } from "./verb-fields.ts";

/** Who commits, where the repository's settings do not say. */
export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

interface WriteInput {
  readonly verb:
    | "add"
    | "commit"
    | "branch"
    | "switch"
    | "merge"
    | "tag"
    | "stash"
    | "unstash"
    | "unstage"
    | "restore";
  readonly repository?: string;
  readonly paths?: readonly string[];
  readonly message?: string;
  readonly name?: string;
  readonly revision?: string;
  readonly create?: boolean;
}

const fields: Readonly<Record<WriteInput["verb"], readonly (keyof WriteInput)[]>> = {
  add: ["paths"],
  commit: ["message"],
  branch: ["name", "revision"],
  switch: ["name", "create", "revision"],
  merge: ["revision"],
  tag: ["name", "revision"],
  stash: ["message", "paths"],
  unstash: [],
  unstage: ["paths"],
  restore: ["paths", "revision"],
};

/** Verbs that take the work tree to another state: what was there is kept as a commit first. */
const overwriting: readonly string[] = ["restore", "switch", "unstash"];

/** Makes the tool that changes a repository in ways that can be taken back. No hook, filter, editor or signer runs. */
export function createGitWriteTool(identity: GitIdentity): Tool<WriteInput> {
  return defineTool<WriteInput>({
    name: "git_write",
    description:
      "Changes a Git repository; everything can be taken back. verb: add (paths); commit (message; of what is staged); branch (name, revision to start at); switch (name; create: true makes it, at revision); merge (revision; only where the branch can go straight on to it); tag (name, revision); stash (message, paths); unstash; unstage (paths); restore (paths, revision: throws away changes of these files; their state before is kept and named).",
    input: {
      type: "object",
      properties: {
        verb: { type: "string", enum: Object.keys(fields) },
        repository: repositoryField,
        paths: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 500 },
        message: { type: "string", minLength: 1, maxLength: 20_000 },
        name: { type: "string", description: "Of a branch or tag." },
        revision: { type: "string", description: "A commit, branch or tag; default HEAD." },
        create: { type: "boolean", description: "For switch: make the branch first." },
      },
      required: ["verb"],
      additionalProperties: false,
    },
    sideEffect: "compensable",
    timeoutMs: 120_000,
    access: ({ verb, repository = ".", paths = [] }, workspace) => {
      const folder = workspacePath(workspace, repository);
      const written = verb === "restore" ? paths.map((path) => workspacePath(folder, path)) : [folder];
      return written.map((path) => ({ kind: "write", path }) as const);
    },
    execute: async (input, context) => {
      assertFields(input, fields[input.verb]);
      const repository = await openRepository(input.repository ?? ".", context);
      const env = identityOf(identity, repository);
      const args = argsOf(input, pathsOf(input.paths ?? [], repository.folder));
      const kept = overwriting.includes(input.verb) ? await keepState(repository, env, context) : undefined;
      const before =
        input.verb === "merge" ? await runGit(repository, { args: ["rev-parse", "HEAD"], env }, context) : "";
      const stdin = input.verb === "commit" ? needed("commit", "message", input.message) : "";
      const said = await runGit(repository, { args, stdin, env, patterns: input.verb === "stash" }, context);
      const note = [
        ...(before === "" ? [] : [`\nThe branch was at ${before.trim()}.`]),
        ...(kept === undefined ? [] : [`\nThe uncommitted changes before are kept as ${kept}.`]),
      ].join("");
      return textOutput(
        `${said === "" ? "Done." : said}${note}`,
        kept === undefined ? {} : { details: { kept } },
      );
    },
  });
}

/** Keeps the work tree's changes as a commit that no branch has; undefined when there are none. */
export async function keepState(
  repository: Repository,
  env: Readonly<Record<string, string>>,
  context: ToolContext,
): Promise<string | undefined> {
  const kept = await runGit(
    repository,
    { args: ["stash", "create", "Before a change by an agent"], env },
    context,
  );
  const id = /^[0-9a-f]{40,64}$/u.exec(kept.trim())?.[0];
  if (id === undefined) return undefined;
  // A commit that nothing names would be collected one day.
  await runGit(repository, { args: ["update-ref", `refs/tau/kept/${id.slice(0, 12)}`, id], env }, context);
  return id;
}

/** The author that Git would not find otherwise: settings of the user are not read. */
export function identityOf(
  { name, email }: GitIdentity,
  { settings }: Repository,
): Readonly<Record<string, string>> {
  if (settings.includes("user.name") && settings.includes("user.email")) return {};
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

function argsOf(input: WriteInput, paths: readonly string[]): readonly string[] {
  const { verb, name, revision, message, create = false } = input;
  const at = revision === undefined ? [] : [revisionOf(revision)];
  switch (verb) {
    case "add":
      return ["add", "--", ...someOf(verb, paths)];
    case "commit":
      return ["commit", "--no-verify", "--no-gpg-sign", "--no-status", "--cleanup=whitespace", "--file=-"];
    case "branch":
      return ["branch", "--no-track", nameOf(needed(verb, "name", name)), ...at];
    case "switch":
      return [
        "switch",
        "--no-guess",
        "--no-progress",
        "--no-recurse-submodules",
        ...(create ? ["--create"] : []),
        nameOf(needed(verb, "name", name)),
        ...at,
      ];
    case "merge":
      return ["merge", "--ff-only", "--no-progress", "--no-autostash", needed(verb, "revision", at[0])];
    case "tag":
      return ["tag", "--no-sign", nameOf(needed(verb, "name", name)), ...at];
    case "stash":
      return [
        "stash",
        "push",
        "--include-untracked",
        ...(message === undefined ? [] : [`--message=${message}`]),
        "--",
        ...paths.map((path) => `:(literal)${path}`),
      ];
    case "unstash":
      return ["stash", "pop", "--index"];
    case "unstage":
      return ["reset", "--quiet", "HEAD", "--", ...someOf(verb, paths)];
    case "restore":
      return [
        "restore",
        "--no-progress",
        "--no-recurse-submodules",
        `--source=${at[0] ?? "HEAD"}`,
        "--worktree",
        "--",
        ...someOf(verb, paths),
      ];
    default:
      return unreachable(verb);
  }
}

function someOf(verb: string, paths: readonly string[]): readonly string[] {
  return needed(verb, "paths", paths.length > 0 ? paths : undefined);
}
