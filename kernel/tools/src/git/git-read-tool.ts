import { TauError, unreachable } from "@tau/core";

import { workspacePath } from "../builtin/workspace-path.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { nameOf, pathsOf, rangeOf, revisionOf } from "./git-values.ts";
import { openRepository } from "./open-repository.ts";
import { runGit } from "./run-git.ts";
import { assertFields, repositoryField } from "./verb-fields.ts";

interface ReadInput {
  readonly verb: "status" | "diff" | "log" | "show" | "blame" | "branches" | "stashes" | "tags";
  readonly repository?: string;
  readonly revision?: string;
  readonly paths?: readonly string[];
  readonly staged?: boolean;
  readonly stat?: boolean;
  readonly max?: number;
  readonly lines?: string;
}

const plain = ["--no-color", "--no-ext-diff", "--no-textconv"] as const;
const logFormat = "--format=%h %ad %an%d%n    %s";

const fields: Readonly<Record<ReadInput["verb"], readonly (keyof ReadInput)[]>> = {
  status: ["paths"],
  diff: ["revision", "paths", "staged", "stat"],
  log: ["revision", "paths", "max", "stat"],
  show: ["revision", "paths", "stat"],
  blame: ["revision", "paths", "lines"],
  branches: [],
  stashes: [],
  tags: [],
};

/** Makes the tool that looks at repositories: it changes nothing, and nothing in a repository makes it run a program. */
export function createGitReadTool(): Tool<ReadInput> {
  return defineTool<ReadInput>({
    name: "git_read",
    description:
      'Looks at a Git repository. verb: status; diff (revision: one, or a..b; staged; paths); log (revision or a..b, paths, max); show (revision; with one path: that file as it was); blame (one path, lines "10,20"); branches; stashes; tags.',
    input: {
      type: "object",
      properties: {
        verb: { type: "string", enum: Object.keys(fields) },
        repository: repositoryField,
        revision: {
          type: "string",
          description: "A commit, branch or tag: HEAD~2, main, or a range main..HEAD.",
        },
        paths: {
          type: "array",
          items: { type: "string" },
          maxItems: 100,
          description: "Relative to the repository.",
        },
        staged: { type: "boolean", description: "For diff: what is staged, in place of what is not." },
        stat: { type: "boolean", description: "Only how many lines of which files." },
        max: { type: "integer", minimum: 1, maximum: 500, description: "For log; 20 when absent." },
        lines: {
          type: "string",
          pattern: "^[1-9][0-9]{0,8},[1-9][0-9]{0,8}$",
          description: "For blame: first,last.",
        },
      },
      required: ["verb"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: 120_000,
    access: ({ repository = "." }, workspace) => [
      { kind: "read", path: workspacePath(workspace, repository) },
    ],
    execute: async (input, context) => {
      assertFields(input, fields[input.verb]);
      const repository = await openRepository(input.repository ?? ".", context);
      const args = argsOf(input, pathsOf(input.paths ?? [], repository.folder));
      const said = await runGit(repository, { args, readOnly: true }, context);
      return said === "" ? "Nothing." : said;
    },
  });
}

function argsOf(input: ReadInput, paths: readonly string[]): readonly string[] {
  const { verb, revision, staged = false, stat = false, max = 20 } = input;
  const range = revision === undefined ? [] : [rangeOf(revision)];
  const shown = stat ? ["--stat=120"] : [];
  switch (verb) {
    case "status":
      return ["status", "--short", "--branch", "--no-renames", "--ignore-submodules=all", "--", ...paths];
    case "diff":
      return ["diff", ...plain, ...shown, ...(staged ? ["--cached"] : []), ...range, "--", ...paths];
    case "log":
      return [
        "log",
        ...plain,
        ...shown,
        "--date=iso-strict",
        logFormat,
        `--max-count=${max}`,
        ...range,
        "--",
        ...paths,
      ];
    case "show":
      return showArgs(revisionOf(revision ?? "HEAD"), paths, shown);
    case "blame":
      return blameArgs(input, paths);
    case "branches":
      return [
        "for-each-ref",
        "--format=%(HEAD) %(refname:short) %(objectname:short) %(subject)",
        "refs/heads",
        "refs/remotes",
      ];
    case "stashes":
      return ["log", ...plain, "--walk-reflogs", "--format=%gd %s", "--max-count=50", "refs/stash", "--"];
    case "tags":
      return ["for-each-ref", "--format=%(refname:short) %(objectname:short) %(subject)", "refs/tags"];
    default:
      return unreachable(verb);
  }
}

function showArgs(revision: string, paths: readonly string[], shown: readonly string[]): readonly string[] {
  const [path, more] = paths;
  if (more !== undefined) throw onePath("show");
  if (path !== undefined) return ["cat-file", "blob", `${revision}:./${path}`];
  return [
    "show",
    ...plain,
    "--no-show-signature",
    ...shown,
    "--date=iso-strict",
    "--format=%H%n%an <%ae> %ad%n%n%B",
    revision,
    "--",
  ];
}

function blameArgs({ revision, lines }: ReadInput, [path, more]: readonly string[]): readonly string[] {
  if (path === undefined || more !== undefined) throw onePath("blame");
  const range = lines === undefined ? [] : ["-L", lines];
  const at = revision === undefined ? [] : [nameOf(revision)];
  return ["blame", "--no-textconv", "--date=short", ...range, ...at, "--", path];
}

function onePath(verb: string): TauError {
  return new TauError("tool.invalid_arguments", `${verb} takes one path: call it once for each.`);
}
