import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { hashOf } from "./approved-plan.ts";

/** Where plans are, below the folder that the agent works in. */
export const planFolder = "plans";

/** What an agent is told that plans. */
export const planGuidance: string = `You plan, and change nothing: files and commands only read here, and only ${planFolder}/ can be written. Look at everything
that the task needs, and ask what you cannot find out. Then write the plan as Markdown to ${planFolder}/NAME.md, NAME saying in a few
words what it is about: the goal, each step with the files that it changes, how to check the result, what could go wrong.
Somebody who has not seen this conversation must be able to carry it out. End with what the plan says in short.`;

/** When each plan of a folder was last written, by its path relative to the folder. */
export type Plans = ReadonlyMap<string, number>;

/** The plans that there are. */
export async function plansIn(folder: string): Promise<Plans> {
  const names = await readdir(join(folder, planFolder)).catch((): readonly string[] => []);
  const paths = names.filter((name) => name.endsWith(".md")).map((name) => join(planFolder, name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const written = await stat(join(folder, path)).catch(() => undefined);
      return written?.isFile() === true ? [[path, written.mtimeMs] as const] : [];
    }),
  );
  return new Map(found.flat());
}

/** What a person is told when a run has planned in `folder`: which plans it wrote, and how to have one carried out. */
export async function planLines(
  folder: string,
  before: Plans,
  sessionId: string,
): Promise<readonly string[]> {
  const after = await plansIn(folder);
  const written = [...after].filter(([path, at]) => before.get(path) !== at).map(([path]) => path);
  const [first] = written;
  if (first === undefined) return [`No plan was written. To go on: tau run --plan --resume ${sessionId} "…"`];
  return [
    `Plan: ${written.join(", ")}`,
    `To carry it out: tau run --resume ${sessionId} --carry-out ${first}`,
    `Without a terminal, once you have read it, add: --approved ${(await hashOf(join(folder, first))) ?? ""}`,
  ];
}
