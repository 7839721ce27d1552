import { planFolder } from "./bound/plan-files.ts";
import type { Settings } from "./settings.ts";

/** The agent that plans; the one that does is `main`. */
export const plannerName = "planner";

/** What an agent is told that plans. */
export const planGuidance: string = `You plan, and change nothing: files and commands only read here, and only ${planFolder}/ can be written. Look at everything
that the task needs, and ask what you cannot find out. Then write the plan as Markdown to ${planFolder}/NAME.md, NAME saying in a few
words what it is about: the goal, each step with the files that it changes, how to check the result, what could go wrong.
Somebody who has not seen this conversation must be able to carry it out. End with what the plan says in short.`;

/** The settings of an agent that plans, where others would do. */
export function planSettings(settings: Settings): Settings {
  return { ...settings, plan: true, profile: "read-only", network: false, review: false };
}

/** A plan, and when it was last written, in milliseconds since the epoch. */
export interface WrittenPlan {
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly writtenAt: number;
}

/** Where a run planned. */
export interface PlannedRun {
  readonly sessionId: string;
  /** The address of the server; absent for this machine. */
  readonly server?: string;
}

/** What a person is told when a run has planned: which plans it wrote, and how to have one carried out. */
export function planLines(
  before: readonly WrittenPlan[],
  after: readonly WrittenPlan[],
  { sessionId, server }: PlannedRun,
): readonly string[] {
  const at = new Map(before.map(({ path, writtenAt }) => [path, writtenAt]));
  const written = after.filter(({ path, writtenAt }) => at.get(path) !== writtenAt);
  const where = `${server === undefined ? "" : `--server ${server} `}--resume ${sessionId}`;
  const [first] = written;
  if (first === undefined) return [`No plan was written. To go on: tau run --plan ${where} "…"`];
  return [
    `Plan: ${written.map(({ path }) => path).join(", ")}`,
    `To carry it out: tau run ${where} --carry-out ${first.path}`,
    `Without a terminal, once you have read it, add: --approved ${first.sha256}`,
  ];
}
