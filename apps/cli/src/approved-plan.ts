import { realpath, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";

import { TauError, uuidv7 } from "@tau/core";

import { askLine } from "./ask-line.ts";
import { assertUnused, planChanged } from "./bound/plan-approvals.ts";
import { readPlan } from "./bound/plan-files.ts";
import { visible } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** A plan as a person approved it: an approval is for these very bytes. */
export interface ApprovedPlan {
  /** Relative to the folder that is worked in. */
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Which approval it is; absent: the hash stands for it. */
  readonly approvalId?: string;
}

/** Who approves a plan. */
export interface Approver {
  /** The hash that a person approved before; absent: they are asked. */
  readonly approved: string | undefined;
  readonly terminal: Terminal;
  readonly interactive: boolean;
  /** Gives the question up. */
  readonly signal?: AbortSignal;
}

/** A plan of this machine that is to be approved. */
export interface PlanRequest extends Approver {
  readonly home: string;
  readonly cwd: string;
  /** The plan's file, as somebody named it. */
  readonly named: string;
}

/**
 * The plan of this machine that is to be carried out, once a person approved it; see {@link approve}. The approval is used up
 * when the run begins.
 *
 * @throws TauError `cli.usage`, `plan.changed`, `plan.not_approved`, `plan.not_found`, `plan.used`
 */
export async function approvePlan(request: PlanRequest): Promise<ApprovedPlan> {
  const { cwd, home } = request;
  const plan = await readPlan(cwd, await pathOf(request));
  const approval = await approve(plan, request);
  if (approval.approvalId === undefined) await assertUnused(home, plan);
  return approval;
}

/**
 * Has a person approve a plan: on a terminal they see it and are asked, elsewhere they name the hash of what they read.
 *
 * @throws TauError `plan.changed`, `plan.not_approved`
 */
export async function approve(
  plan: Pick<ApprovedPlan, "path" | "sha256"> & { readonly text: string },
  { approved, interactive, terminal, signal = new AbortController().signal }: Approver,
): Promise<ApprovedPlan> {
  const { path, sha256, text } = plan;
  if (approved !== undefined) {
    if (approved !== sha256) throw planChanged(path);
    return { path, sha256 };
  }
  if (!interactive)
    throw new TauError(
      "plan.not_approved",
      `Nobody can be asked here. Read ${path}, then say --approved ${sha256}`,
    );
  writeLine(terminal, visible(text).replaceAll(/^/gmu, "  │ "));
  writeLine(terminal, `  ${visible(path)}, sha256:${sha256}`);
  const prompt = createStyle(terminal)("bold", "Carry out this plan? [y]es or [n]o: ");
  const said = await askLine(terminal, prompt, signal);
  if (/^y(es)?$/iu.test(said?.trim() ?? "")) return { path, sha256, approvalId: uuidv7() };
  throw new TauError("plan.not_approved", `${path} is not carried out: nobody approved it.`);
}

async function pathOf({ cwd, named, terminal }: PlanRequest): Promise<string> {
  const folder = await realpath(cwd);
  const file = await realpath(resolve(terminal.cwd, named)).catch(() => undefined);
  const path = file === undefined ? ".." : relative(folder, file);
  if (file !== undefined && !path.startsWith("..") && (await stat(file)).isFile()) return path;
  throw usageError(`--carry-out: there is no plan ${JSON.stringify(named)} in the folder that is worked in.`);
}
