import type { Tool } from "../tool.ts";
import { createGitPublishTool } from "./git-publish-tool.ts";
import type { GitPublishOptions } from "./git-publish-tool.ts";
import { createGitReadTool } from "./git-read-tool.ts";
import { createGitWriteTool } from "./git-write-tool.ts";

/**
 * Makes the Git tools, one for each tier: `git_read` (pure), `git_write` (compensable), `git_publish` (irreversible).
 * They need `git` 2.31 or later and `find` in the environment.
 */
export function gitTools({
  identity = { name: "Tau", email: "tau@localhost" },
  protocols = ["https", "ssh"],
}: Partial<GitPublishOptions> = {}): readonly Tool[] {
  return [createGitPublishTool({ identity, protocols }), createGitReadTool(), createGitWriteTool(identity)];
}
