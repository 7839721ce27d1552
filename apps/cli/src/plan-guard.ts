import { join } from "node:path";

import { TauError, textOf } from "@tau/core";
import type { Recorded } from "@tau/core";
import type { Hook } from "@tau/runtime";

import { hashOf, planChanged } from "./approved-plan.ts";
import type { ApprovedPlan } from "./approved-plan.ts";

/** For how long an approval lets a run go on, in milliseconds. */
const approvalMs = 7 * 24 * 3_600_000;

/** Which plan a run carries out. */
export type GuardedPlan = Pick<ApprovedPlan, "file" | "path" | "sha256">;

/** The prompt of a run that carries a plan out: what was approved, word for word, whatever becomes of the file. */
export function planPrompt({ path, sha256, text }: ApprovedPlan, more: string): string {
  return `Carry out the plan in ${path}, which a person approved as it stands here (sha256:${sha256}).
Do what it says and nothing beyond; where it does not fit what you find, stop and say so.${more === "" ? "" : `\n${more}`}

${text}`;
}

/**
 * The plan that an interrupted run carries out; undefined for other runs.
 *
 * @throws TauError `plan.expired`
 */
export function planOfRun(events: readonly Recorded[], folder: string, now: number): GuardedPlan | undefined {
  const started = events.findLast(({ event }) => event.type === "run_started");
  if (started?.event.type !== "run_started") return undefined;
  const named =
    /^Carry out the plan in (.+), which a person approved as it stands here \(sha256:([0-9a-f]{64})\)\.$/mu;
  const [, path, sha256] = named.exec(textOf(started.event.prompt).split("\n", 1)[0] ?? "") ?? [];
  if (path === undefined || sha256 === undefined) return undefined;
  if (now - started.at > approvalMs)
    throw new TauError(
      "plan.expired",
      `The approval of ${path} is older than 7 days. Cancel the run, and approve the plan again: tau run --carry-out ${path}`,
    );
  return { file: join(folder, path), path, sha256 };
}

/** Lets nothing more be done for a plan that changed since a person approved it, whoever changed it. */
export interface PlanGuard {
  readonly hook: Hook;
  /** @throws TauError `plan.changed`, now and for ever once it was met */
  assertSame(): Promise<void>;
}

/** Makes a {@link PlanGuard}. */
export function createPlanGuard({ file, path, sha256 }: GuardedPlan): PlanGuard {
  let hasChanged = false;
  const isSame = async (): Promise<boolean> => {
    hasChanged ||= (await hashOf(file)) !== sha256;
    return !hasChanged;
  };
  const { code, message } = planChanged(path);
  const reason = `${code}: ${message}`;
  return {
    hook: {
      name: "approved plan",
      beforeTool: async () => ((await isSame()) ? { decision: "allow" } : { decision: "deny", reason }),
      iteration: async () => ((await isSame()) ? { decision: "continue" } : { decision: "stop", reason }),
    },
    async assertSame() {
      if (!(await isSame())) throw planChanged(path);
    },
  };
}
