import { TauError } from "@tau/core";

import { workspacePath } from "../builtin/workspace-path.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { textOutput } from "../tool-output.ts";
import { nameOf, revisionOf } from "./git-values.ts";
import { identityOf, keepState } from "./git-write-tool.ts";
import type { GitIdentity } from "./git-write-tool.ts";
import { openRepository } from "./open-repository.ts";
import type { Repository } from "./open-repository.ts";
import { runGit } from "./run-git.ts";
import { assertFields, needed, repositoryField } from "./verb-fields.ts";

interface PublishInput {
  readonly verb: "fetch" | "push" | "reset";
  readonly repository?: string;
  readonly remote?: string;
  readonly branch?: string;
  readonly force?: boolean;
  readonly revision?: string;
  readonly mode?: "soft" | "mixed" | "hard";
}

const fields: Readonly<Record<PublishInput["verb"], readonly (keyof PublishInput)[]>> = {
  fetch: ["remote", "branch"],
  push: ["remote", "branch", "force"],
  reset: ["revision", "mode"],
};

/** Settings of a remote, or about addresses, with which Git would talk to somebody else, in another way. */
const diverting =
  /^(?:url\..*|http\..*|remote\..*\.(?:vcs|proxy|proxyauthmethod|uploadpack|receivepack|pushurl))$/u;

/** Options of {@link createGitPublishTool}. */
export interface GitPublishOptions {
  readonly identity: GitIdentity;
  /** How it may reach other repositories. `file` runs programs of the other repository: only for those you trust. */
  readonly protocols: readonly ("https" | "ssh" | "file")[];
}

/** Makes the tool that talks to other repositories, and moves branches to where they were not: for good. */
export function createGitPublishTool({ identity, protocols }: GitPublishOptions): Tool<PublishInput> {
  return defineTool<PublishInput>({
    name: "git_publish",
    description:
      "Talks to another repository, or moves the current branch; cannot be taken back. verb: fetch (remote, branch); push (remote, branch; force only replaces what was fetched); reset (revision; mode soft, mixed or hard).",
    input: {
      type: "object",
      properties: {
        verb: { type: "string", enum: Object.keys(fields) },
        repository: repositoryField,
        remote: { type: "string", description: "A configured remote; default origin." },
        branch: { type: "string" },
        force: { type: "boolean" },
        revision: { type: "string" },
        mode: { type: "string", enum: ["soft", "mixed", "hard"] },
      },
      required: ["verb"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    timeoutMs: 120_000,
    access: (input, workspace) => [
      { kind: "command", source: commandOf(input), cwd: workspacePath(workspace, input.repository ?? ".") },
      { kind: "other" },
    ],
    execute: async (input, context) => {
      assertFields(input, fields[input.verb]);
      const repository = await openRepository(input.repository ?? ".", context);
      if (input.verb === "reset")
        return await reset(repository, input, identityOf(identity, repository), context);
      await assertStraight(repository, nameOf(input.remote ?? "origin"), context);
      const said = await runGit(repository, { args: argsOf(input), protocols }, context);
      return said === "" ? "Done." : said;
    },
  });
}

/** What rules about commands compare: the command as a person would write it. */
function commandOf({
  verb,
  remote = "origin",
  branch,
  force,
  revision,
  mode = "mixed",
}: PublishInput): string {
  const words =
    verb === "reset"
      ? ["git", "reset", `--${mode}`, revision ?? "HEAD"]
      : [
          "git",
          verb,
          ...(force === true ? ["--force"] : []),
          remote,
          ...(branch === undefined ? [] : [branch]),
        ];
  return words
    .map((word) => (/^[\w./~^@-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

function argsOf({ verb, remote = "origin", branch, force = false }: PublishInput): readonly string[] {
  const common = ["--no-recurse-submodules", "--no-progress"];
  if (verb === "fetch") {
    const what = branch === undefined ? [] : [nameOf(branch)];
    return [
      "fetch",
      ...common,
      "--no-auto-maintenance",
      "--upload-pack=git-upload-pack",
      nameOf(remote),
      ...what,
    ];
  }
  const name = nameOf(needed(verb, "branch", branch));
  const how = force ? [`--force-with-lease=${name}`] : [];
  return [
    "push",
    ...common,
    "--no-verify",
    "--no-signed",
    "--receive-pack=git-receive-pack",
    ...how,
    nameOf(remote),
    `refs/heads/${name}:refs/heads/${name}`,
  ];
}

/** The remote is talked to at the address that its settings show, or not at all. */
async function assertStraight(
  { settings, ...rest }: Repository,
  remote: string,
  context: ToolContext,
): Promise<void> {
  const odd = settings.find((key) => diverting.test(key));
  if (odd !== undefined) {
    throw new TauError(
      "git.unsafe_repository",
      `Its setting ${JSON.stringify(odd.slice(0, 100))} changes how other repositories are reached, so none is. A person can take it out of .git/config.`,
    );
  }
  const address = `remote.${remote}.url`;
  const urls = settings.includes(address)
    ? (
        await runGit(
          { settings, ...rest },
          { args: ["config", "--get-all", "--", address], readOnly: true },
          context,
        )
      ).split("\n")
    : [];
  if (urls.length === 1 && urls[0] !== undefined && !/^-|::|\p{Cc}/u.test(urls[0])) return;
  throw new TauError(
    "git.invalid_value",
    `"${remote}" is no remote with one plain address: name one that "git remote" lists.`,
  );
}

async function reset(
  repository: Repository,
  { revision = "HEAD", mode = "mixed" }: PublishInput,
  env: Readonly<Record<string, string>>,
  context: ToolContext,
): Promise<ReturnType<typeof textOutput>> {
  const before = await runGit(repository, { args: ["rev-parse", "HEAD"], readOnly: true }, context);
  const kept = mode === "hard" ? await keepState(repository, env, context) : undefined;
  await runGit(
    repository,
    { args: ["reset", `--${mode}`, "--no-recurse-submodules", revisionOf(revision), "--"], env },
    context,
  );
  const note = kept === undefined ? "" : ` The uncommitted changes before are kept as ${kept}.`;
  return textOutput(`The branch was at ${before}.${note}`, {
    details: { before, ...(kept === undefined ? {} : { kept }) },
  });
}
