import { TauError } from "@tau/core";

import { collectCommand } from "../collect-command.ts";
import type { ToolContext } from "../tool.ts";
import { gitVariables } from "./git-settings.ts";
import type { Repository } from "./open-repository.ts";

/** One use of Git. */
export interface GitCommand {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Protocols by which it may reach another repository. Default: none, and no network. */
  readonly protocols?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it takes its paths as patterns: stash does by itself, and its paths must be marked as literal. */
  readonly patterns?: boolean;
  /** Whether it leaves the repository as it is. */
  readonly readOnly?: boolean;
}

const timeoutMs = 110_000;

/**
 * Runs Git in an opened repository, which cannot make it run anything else; answers what it said.
 *
 * @throws TauError `git.failed` with Git's own words
 */
export async function runGit(
  { folder, variables }: Repository,
  { args, stdin = "", protocols = [], env = {}, patterns = false, readOnly = false }: GitCommand,
  { environment, signal }: ToolContext,
): Promise<string> {
  const { exitCode, stdout, stderr, timedOut } = await collectCommand(
    environment,
    {
      argv: ["git", "--no-pager", ...args],
      cwd: folder,
      env: {
        ...gitVariables(protocols),
        ...variables,
        GIT_LITERAL_PATHSPECS: patterns ? "0" : "1",
        ...(readOnly ? { GIT_OPTIONAL_LOCKS: "0" } : {}),
        ...env,
      },
      stdin,
      timeoutMs,
      readOnly,
      ...(protocols.length === 0 ? { network: false } : {}),
    },
    signal,
  );
  const said = [stdout, stderr].filter((text) => text !== "").join("\n");
  if (exitCode === 0) return said.trimEnd();
  const why = timedOut ? "it took too long" : `exit code ${exitCode}`;
  throw new TauError(
    "git.failed",
    `git ${args[0] ?? ""} failed (${why}): ${said.trim().slice(0, 4_000) || "it said nothing"}`,
  );
}
