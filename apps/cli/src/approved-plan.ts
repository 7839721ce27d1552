import { createHash } from "node:crypto";
import { mkdir, open, readFile, realpath, rm, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";

import { TauError } from "@tau/core";

import { askLine } from "./ask-line.ts";
import { visible } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** A plan as a person approved it: an approval is for these very bytes. */
export interface ApprovedPlan {
  /** Absolute. */
  readonly file: string;
  /** Relative to the folder that is worked in. */
  readonly path: string;
  readonly text: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** What an approval is asked for with. */
export interface PlanRequest {
  readonly home: string;
  readonly cwd: string;
  /** The plan's file, as somebody named it. */
  readonly named: string;
  /** The hash that a person approved before; absent: they are asked. */
  readonly approved: string | undefined;
  readonly terminal: Terminal;
  readonly interactive: boolean;
}

const maxBytes = 262_144;

/**
 * The plan that is to be carried out, once a person approved it: on a terminal they see it and are asked, elsewhere they name
 * the hash of what they read. An approval by hash counts once.
 *
 * @throws TauError `cli.usage`, `plan.changed`, `plan.not_approved`, `plan.used`
 */
export async function approvePlan(request: PlanRequest): Promise<ApprovedPlan> {
  const { interactive, approved, terminal } = request;
  const plan = await readPlan(request);
  if (approved !== undefined) {
    if (approved !== plan.sha256) throw planChanged(plan.path);
    await claim(request, plan);
    return plan;
  }
  if (!interactive)
    throw new TauError(
      "plan.not_approved",
      `Nobody can be asked here. Read ${plan.path}, then say --approved ${plan.sha256}`,
    );
  await askAbout(plan, terminal);
  // What was shown is what counts.
  if ((await hashOf(plan.file)) !== plan.sha256) throw planChanged(plan.path);
  await rm(await markOf(request, plan), { force: true });
  await claim(request, plan);
  return plan;
}

/** The hash of a file as it is now; undefined when it cannot be read. */
export async function hashOf(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? undefined : sha256(bytes);
}

/** The error for a plan that is not what was approved. */
export function planChanged(path: string): TauError {
  return new TauError(
    "plan.changed",
    `${path} is not what was approved: it changed since. Read it, and approve it again: tau run --carry-out ${path}`,
  );
}

async function readPlan({ cwd, named, terminal }: PlanRequest): Promise<ApprovedPlan> {
  const folder = await realpath(cwd);
  const file = await realpath(resolve(terminal.cwd, named)).catch(() => undefined);
  const path = file === undefined ? ".." : relative(folder, file);
  if (file === undefined || path.startsWith("..") || !(await stat(file)).isFile())
    throw usageError(
      `--carry-out: there is no plan ${JSON.stringify(named)} in the folder that is worked in.`,
    );
  const bytes = await readFile(file);
  if (bytes.byteLength > maxBytes) throw usageError(`--carry-out: ${path} has more than ${maxBytes} bytes.`);
  return { file, path, text: bytes.toString("utf8"), sha256: sha256(bytes) };
}

async function askAbout({ path, text, sha256: hash }: ApprovedPlan, terminal: Terminal): Promise<void> {
  writeLine(terminal, visible(text).replaceAll(/^/gmu, "  │ "));
  writeLine(terminal, `  ${path}, sha256:${hash}`);
  const prompt = createStyle(terminal)("bold", "Carry out this plan? [y]es or [n]o: ");
  const said = await askLine(terminal, prompt, new AbortController().signal);
  if (/^y(es)?$/iu.test(said?.trim() ?? "")) return;
  throw new TauError("plan.not_approved", `${path} is not carried out: nobody approved it.`);
}

/** Whoever makes the mark has the approval; nobody makes it twice. */
async function claim(request: PlanRequest, plan: ApprovedPlan): Promise<void> {
  const mark = await markOf(request, plan);
  try {
    await (await open(mark, "wx", 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new TauError(
      "plan.used",
      `The approval of ${plan.path} was used: it counts once. To carry it out again, approve it on a terminal.`,
    );
  }
}

async function markOf({ home }: PlanRequest, { file, sha256: hash }: ApprovedPlan): Promise<string> {
  const folder = join(home, "carried-out");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return join(folder, sha256(`${file}\0${hash}`));
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
