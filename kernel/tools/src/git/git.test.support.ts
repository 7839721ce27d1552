import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { onTestFinished } from "vitest";

import { createHostEnvironment } from "../host/create-host-environment.ts";
import { createToolContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import { gitTools } from "./git-tools.ts";

const run = promisify(execFile);

/** A repository with two commits and a changed file, a folder outside, and the tools. */
export interface GitFixture {
  readonly workspace: string;
  readonly outside: string;
  /** Runs Bash in the workspace as an ordinary person would; answers what it printed. */
  readonly bash: (script: string) => Promise<string>;
  /** Calls a tool; answers what the model reads. */
  readonly call: (tool: string, input: object) => Promise<string>;
}

const begin = `git init -q -b main . && git config user.name Ada && git config user.email ada@example.org
echo one > a.txt && git add a.txt && git commit -qm first && echo two > a.txt && git commit -qam second && echo three > a.txt
git init -q --bare "$OUT/origin.git" && git remote add origin "$OUT/origin.git"`;

/** Makes a {@link GitFixture}; it is removed when the test is over. */
export async function createGitFixture(): Promise<GitFixture> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "tau-git-")));
  onTestFinished(async () => await rm(base, { recursive: true, force: true }));
  const workspace = join(base, "workspace");
  const outside = join(base, "outside");
  const fire = join(base, "fire");
  await mkdir(workspace);
  await mkdir(outside);
  await writeFile(fire, `#!/bin/sh\ntouch '${outside}/canary'\n`, { mode: 0o755 });
  const env = {
    PATH: process.env["PATH"],
    HOME: base,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ada",
    GIT_AUTHOR_EMAIL: "ada@example.org",
    GIT_COMMITTER_NAME: "Ada",
    GIT_COMMITTER_EMAIL: "ada@example.org",
    OUT: outside,
    FIRE: fire,
  };
  const bash = async (script: string): Promise<string> => {
    const child = run("bash", ["-c", script], { cwd: workspace, env, timeout: 20_000 });
    child.child.stdin?.end();
    return (await child).stdout;
  };
  await bash(begin);
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace, network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  const context = createToolContext({ environment });
  const registry = createToolRegistry({ tools: gitTools({ protocols: ["https", "ssh", "file"] }) });
  return {
    workspace,
    outside,
    bash,
    call: async (tool, input) => resultText((await registry.execute(toolCall(tool, input), context)).result),
  };
}
