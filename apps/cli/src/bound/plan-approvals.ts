import { createHash } from "node:crypto";
import { access, rm } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";

import { keepFirst, textIn } from "./keep-first.ts";
import type { PlanFile } from "./plan-files.ts";
import type { BoundRun } from "./run-bindings.ts";

/** A plan, and which approval of it. */
export interface PlanApproval extends Pick<PlanFile, "file" | "path" | "sha256"> {
  /** Absent: the hash stands for the approval. */
  readonly approvalId?: string;
}

/**
 * Uses an approval up for a run, durably; whoever makes the mark has it, and may make it again.
 *
 * @throws TauError `plan.used`
 */
export async function claimApproval(home: string, approval: PlanApproval, run: BoundRun): Promise<void> {
  const { approvalId, ...byHash } = approval;
  if (!(await mark(home, approval, run))) throw planUsed(approval.path);
  // Who was asked has carried the plan out: its hash alone does not do so again.
  if (approvalId !== undefined) await mark(home, byHash, run);
}

/** Gives back what a run claimed that will never begin. */
export async function releaseApproval(home: string, approval: PlanApproval, run: BoundRun): Promise<void> {
  const { file, path: name, sha256 } = approval;
  for (const one of [approval, { file, path: name, sha256 }]) {
    const path = join(home, folder, nameOf(one));
    if ((await textIn(path)) === wordsOf(run)) await rm(path, { force: true });
  }
}

/** Looks whether an approval still counts, and leaves it as it is. @throws TauError `plan.used` */
export async function assertUnused(home: string, approval: PlanApproval): Promise<void> {
  const isThere = await access(join(home, folder, nameOf(approval))).then(
    () => true,
    () => false,
  );
  if (isThere) throw planUsed(approval.path);
}

/** The error for a plan that is not what was approved. */
export function planChanged(path: string): TauError {
  return new TauError(
    "plan.changed",
    `${path} is not what was approved: it changed since. Read it, and approve it again: tau run --carry-out ${path}`,
  );
}

const folder = "carried-out";

async function mark(home: string, approval: PlanApproval, run: BoundRun): Promise<boolean> {
  return (await keepFirst(join(home, folder), nameOf(approval), wordsOf(run))) === wordsOf(run);
}

function wordsOf({ tenant, sessionId, runId }: BoundRun): string {
  return JSON.stringify([tenant, sessionId, runId]);
}

function nameOf({ file, sha256, approvalId }: PlanApproval): string {
  const words = approvalId === undefined ? [file, sha256] : [file, sha256, approvalId];
  return createHash("sha256").update(words.join("\0")).digest("hex");
}

function planUsed(path: string): TauError {
  return new TauError(
    "plan.used",
    `The approval of ${path} was used: it counts once. To carry it out again, approve it on a terminal.`,
  );
}
