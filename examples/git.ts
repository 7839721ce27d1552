/**
 * Git in a repository that somebody else made hostile: its filter and its hook would run, and do not.
 *
 * Run it with: node --conditions=@tau/source examples/git.ts
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCallContext } from "@tau/core";
import {
  createFileLedger,
  createHostEnvironment,
  createMemoryArtifactStore,
  createToolRegistry,
  gitTools,
} from "@tau/tools";

const workspace = await mkdtemp(join(tmpdir(), "example-"));
const git = (...args: string[]) => execFileSync("git", args, { cwd: workspace });
git("init", "--quiet", "--initial-branch=main");
git("config", "filter.evil.clean", "touch pwned; cat");
await writeFile(join(workspace, ".gitattributes"), "* filter=evil\n");
await writeFile(join(workspace, ".git/hooks/pre-commit"), "#!/bin/sh\ntouch pwned\n", { mode: 0o755 });
await writeFile(join(workspace, "notes.txt"), "hello\n");

const { signal } = new AbortController();
await using environment = createHostEnvironment({
  profile: { access: "workspace-write", workspace, network: false },
});
const tools = createToolRegistry({
  tools: gitTools({ identity: { name: "Ada", email: "ada@example.org" } }),
});
const call = createCallContext({ tenant: "home", principal: { id: "ada", kind: "person", scopes: [] } });
let calls = 0;
async function ask(name: string, input: object): Promise<void> {
  const { result } = await tools.execute(
    { type: "tool_call", id: `${++calls}`, name, arguments: JSON.stringify(input) },
    {
      call,
      signal,
      environment,
      artifacts: createMemoryArtifactStore(),
      files: createFileLedger(),
      idempotencyKey: `${calls}`,
      progress: () => undefined,
    },
  );
  const [part] = result.content;
  if (part?.type === "text") console.log(part.text.split("\n")[0]);
}

await ask("git_write", { verb: "add", paths: ["notes.txt"] });
await ask("git_write", { verb: "commit", message: "Keep a note" });
await ask("git_read", { verb: "show", paths: ["notes.txt"] });
await ask("git_read", { verb: "log", revision: "--output=pwned" });
console.log(existsSync(join(workspace, "pwned")) ? "something ran" : "nothing ran");
await rm(workspace, { recursive: true });
