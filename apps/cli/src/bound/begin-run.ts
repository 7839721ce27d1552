import { TauError, uuidv7 } from "@tau/core";
import type { CallContext, Json, UserMessage } from "@tau/core";
import type { Runtime, StartedRun, StartRunRequest } from "@tau/runtime";

import { plannerName } from "../plan-mode.ts";
import { claimApproval, planChanged } from "./plan-approvals.ts";
import { readPlan } from "./plan-files.ts";
import type { PlanFile } from "./plan-files.ts";
import type { RunBinding, RunBindings } from "./run-bindings.ts";

/** What a run begins with that may be bound to something. */
export interface BeginOptions {
  readonly runtime: Pick<Runtime, "startRun">;
  readonly bindings: RunBindings;
  /** Where Tau keeps its data. */
  readonly home: string;
}

/** A prompt, and what its run is bound to. */
export interface RunToBegin extends StartRunRequest {
  readonly mode?: "plan";
  /** An approved plan of `folder`, which the session works in. */
  readonly carryOut?: {
    readonly folder: string;
    readonly path: string;
    readonly sha256: string;
    /** Absent: the hash stands for the approval. */
    readonly approvalId?: string;
  };
  /** What was found ready to begin; judged once more when the run begins. */
  readonly requirements?: Json;
}

/**
 * Begins a run, bound first: what was written down holds from its first step, also when this process ends now. An approval
 * counts once; the same run handed in a second time needs none.
 *
 * @throws TauError `plan.changed`, `plan.not_found`, `plan.used`, and what `startRun` of the runtime throws
 */
export async function beginRun(
  { runtime, bindings, home }: BeginOptions,
  { mode, carryOut, requirements, ...request }: RunToBegin,
  context: CallContext,
): Promise<StartedRun> {
  const run = {
    ...request,
    runId: request.runId ?? uuidv7(),
    ...(mode === "plan" ? { agent: plannerName } : {}),
  };
  if (carryOut === undefined && requirements === undefined) return await runtime.startRun(run, context);
  const key = { tenant: context.tenant, runId: run.runId };
  const plan = carryOut === undefined ? undefined : await readPlan(carryOut.folder, carryOut.path);
  if (plan?.sha256 !== carryOut?.sha256) throw planChanged(carryOut?.path ?? "");
  const binding = bindingOf(plan, requirements);
  const before = await bindings.of(key);
  if (before === undefined) {
    if (plan !== undefined) await claimApproval(home, { ...carryOut, ...plan });
    await bindings.bind(key, binding);
  } else if (!isSame(before, binding)) throw boundOtherwise(run.runId);
  const prompt = plan === undefined ? run.prompt : planPrompt(plan, run.prompt);
  return await runtime.startRun({ ...run, prompt }, context);
}

function isSame(one: RunBinding, other: RunBinding): boolean {
  const words = ({ plan, requirements }: RunBinding): string =>
    JSON.stringify([plan?.file, plan?.sha256, requirements]);
  return words(one) === words(other);
}

function boundOtherwise(runId: string): TauError {
  return new TauError(
    "plan.not_approved",
    `The run ${runId} is bound to another plan, or to other requirements: leave run_id out, or give a new one.`,
  );
}

function bindingOf(plan: PlanFile | undefined, requirements: Json | undefined): RunBinding {
  return {
    ...(plan === undefined
      ? {}
      : { plan: { file: plan.file, path: plan.path, sha256: plan.sha256, at: Date.now() } }),
    ...(requirements === undefined ? {} : { requirements }),
  };
}

/** The prompt of a run that carries a plan out: what was approved, word for word, whatever becomes of the file. */
function planPrompt({ path, sha256, text }: PlanFile, more: UserMessage): UserMessage {
  const said = more.parts.filter((part) => part.type !== "text" || part.text !== "");
  const head = `Carry out the plan in ${path}, which a person approved as it stands here (sha256:${sha256}).
Do what it says and nothing beyond; where it does not fit what you find, stop and say so.
`;
  return { ...more, parts: [{ type: "text", text: head }, ...said, { type: "text", text: `\n\n${text}` }] };
}
