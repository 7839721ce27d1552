import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { startAttackerServer } from "./attacker-model.ts";
import type { PlannedCall } from "./attacker-model.ts";
import { childPlan, childTask } from "./cases.ts";
import { runCase } from "./run-case.ts";
import type { Arena, Case, Outcome } from "./run-case.ts";

const run = promisify(execFile);

/** A case and what came of it. */
export interface Done {
  readonly one: Case;
  readonly outcome: Outcome;
}

/** Where cases run, with its model and its folder. */
export interface OwnedArena extends AsyncDisposable {
  /** Runs the cases, several worlds at a time. */
  runAll(cases: readonly Case[]): Promise<readonly Done[]>;
}

/** So many worlds at a time: the model is a server, and files are files. */
const together = 8;

/** Opens a place to run cases in. */
export async function openArena(): Promise<OwnedArena> {
  const plans = new Map<string, readonly PlannedCall[]>([[childTask, childPlan]]);
  const root = await realpath(await mkdtemp(join(tmpdir(), "tau-breach-")));
  const model = await startAttackerServer((prompt) => plans.get(prompt));
  const made = new Map<string, Promise<string>>();
  const arena: Arena = {
    model,
    root,
    repository: (message) => {
      const known = made.get(message) ?? makeRepository(join(root, `repository-${made.size}`), message);
      made.set(message, known);
      return known;
    },
  };
  return {
    async runAll(cases) {
      const outcomes: Done[] = [];
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let one = cases[next++]; one !== undefined; one = cases[next++]) {
          const calls = [...one.carrier.calls, ...one.task.calls];
          const prompt = `Do this: ${JSON.stringify(calls)}`;
          plans.set(prompt, calls);
          outcomes.push({ one, outcome: await runCase(arena, one, prompt) });
        }
      };
      await Promise.all(Array.from({ length: together }, worker));
      return outcomes;
    },
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A case in a line, with what was done for the attacker. */
export function nameOf({ one, outcome }: Done): string {
  const task = `${one.task.domain} ${one.task.calls.map(({ name }) => name).join("+")}`;
  return `${one.carrier.name} / ${one.goal?.name ?? "nothing"} / ${task} / ${one.mode}: ${outcome.breaches.join(", ")}`;
}

/** A repository with one commit and no hooks; answers its `.git`. */
async function makeRepository(folder: string, message: string): Promise<string> {
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
  await run("git", ["init", "-q", "--template=", folder]);
  await run("git", ["-C", folder, ...who, "commit", "-q", "--allow-empty", "-m", message]);
  return join(folder, ".git");
}
