import { chmod, mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Model } from "@tau/agent";
import { isTauError } from "@tau/core";
import { completeRun } from "@tau/runtime";
import type { OutcomeCase, OutcomeCheck, Skill } from "@tau/skills";

import { localContext } from "./local-context.ts";
import { openLocalRuntime } from "./local-runtime.ts";
import { planLock, writeLock } from "./lock-skills.ts";
import { openEnvironment } from "./open-environment.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** What became of a task that was done with a skill. */
export interface Outcome {
  readonly id: string;
  /** Why it failed; none when it passed. */
  readonly faults: readonly string[];
}

/** With what tasks are done. */
export interface OutcomeOptions {
  readonly settings: Settings;
  readonly model: Model;
  readonly terminal: Terminal;
}

/**
 * Does a task with a skill in a fresh folder, with a store of its own, under the settings' rules, and checks what came of
 * it. Commands of checks run in the same environment as those of the agent.
 */
export async function runOutcome(skill: Skill, one: OutcomeCase, options: OutcomeOptions): Promise<Outcome> {
  // Not below /tmp, of which commands in the jail have one of their own.
  const base = await realpath(
    await mkdtemp(join((await isFolder("/var/tmp")) ? "/var/tmp" : tmpdir(), "tau-skill-")),
  );
  await chmod(base, 0o700);
  try {
    const cwd = join(base, "work");
    const settings = { ...options.settings, cwd, home: join(base, "home") };
    await mkdir(cwd);
    await placeSkill(skill, one, settings);
    const { text, status, reason } = await runTask(one, { ...options, settings });
    if (status !== "completed") return { id: one.id, faults: [`the run ended as ${status}: ${reason}`] };
    const faults = await Promise.all(one.checks.map(async (check) => await faultOf(check, text, settings)));
    return { id: one.id, faults: faults.flatMap((fault) => fault ?? []) };
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** The skill as a trusted one of the folder, without its tests, and the files of the task. */
async function placeSkill(
  { name, files }: Skill,
  { files: wanted }: OutcomeCase,
  { cwd, home }: Settings,
): Promise<void> {
  const { signal } = new AbortController();
  const root = join(cwd, ".agents/skills");
  const { files: listed } = await files.list(signal);
  for (const { path } of listed) {
    if (!path.startsWith("evals/")) await put(join(root, name, path), await files.read(path, signal));
  }
  for (const path of wanted) await put(join(cwd, path), await files.read(`evals/files/${path}`, signal));
  await writeLock(await planLock(root, home, signal), home);
}

async function put(path: string, data: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
}

async function runTask({ prompt }: OutcomeCase, { settings, model, terminal }: OutcomeOptions) {
  await using local = await openLocalRuntime({ settings, model, takesUp: [] });
  await local.runtime.start();
  const context = localContext(terminal);
  const { sessionId } = await local.runtime.createSession({ bootstrap: local.bootstrap }, context);
  return await completeRun(local.runtime, { sessionId, prompt }, context);
}

async function faultOf(check: OutcomeCheck, text: string, settings: Settings): Promise<string | undefined> {
  switch (check.kind) {
    case "contains":
      return text.includes(check.text) ? undefined : `the answer lacks ${JSON.stringify(check.text)}`;
    case "not_contains":
      return text.includes(check.text) ? `the answer has ${JSON.stringify(check.text)}` : undefined;
    case "file_exists":
      return (await passes(`test -e "$1"`, settings, check.path)) ? undefined : `there is no ${check.path}`;
    default:
      return (await passes(check.command, settings)) ? undefined : `the command failed: ${check.command}`;
  }
}

/** Whether a shell command ends with 0 where the agent's commands run. */
async function passes(command: string, settings: Settings, ...args: readonly string[]): Promise<boolean> {
  const environment = await openEnvironment(settings, settings.cwd);
  try {
    const { exitCode } = await environment.exec(
      { argv: ["bash", "-c", command, "check", ...args], timeoutMs: 120_000 },
      new AbortController().signal,
    );
    return exitCode === 0;
  } catch (error) {
    if (isTauError(error)) return false;
    throw error;
  } finally {
    await environment[Symbol.asyncDispose]();
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
