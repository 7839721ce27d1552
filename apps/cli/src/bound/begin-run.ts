import { createHash } from "node:crypto";

import { canonicalJson, isTauError, TauError, uuidv7 } from "@tau/core";
import type { CallContext, Json, UserMessage } from "@tau/core";
import type { AgentRegistry, Runtime, StartedRun, StartRunRequest } from "@tau/runtime";

import { plannerName } from "../plan-mode.ts";
import { claimApproval, planChanged, releaseApproval } from "./plan-approvals.ts";
import { readPlan } from "./plan-files.ts";
import type { PlanFile } from "./plan-files.ts";
import type { RunBinding, RunBindings } from "./run-bindings.ts";

/** What a run begins with that may be bound to something. */
export interface BeginOptions {
  readonly runtime: Pick<Runtime, "startRun">;
  readonly agents: Pick<AgentRegistry, "get" | "has">;
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
  /** What must be known. */
  readonly readiness?: {
    /** What the caller sent: tells a request that comes again from another one. */
    readonly asked: unknown;
    /** Answers what was found ready to begin, which is judged once more when the run begins; throws where it is not. */
    judge(): Promise<Json>;
  };
}

/**
 * Begins a run, bound first: what was written down holds from its first step, also when this process ends now. An approval
 * counts once; the same run handed in a second time needs none, and is not judged again.
 *
 * @throws TauError `plan.changed`, `plan.not_approved`, `plan.not_found`, `plan.used`, `readiness.invalid`, and what `judge` and
 * `startRun` of the runtime throw
 */
export async function beginRun(
  options: BeginOptions,
  { mode, carryOut, readiness, ...request }: RunToBegin,
  context: CallContext,
): Promise<StartedRun> {
  const { runtime, agents, bindings, home } = options;
  const run = {
    ...request,
    runId: request.runId ?? uuidv7(),
    ...(mode === "plan" ? { agent: plannerName } : {}),
  };
  if (carryOut === undefined && readiness === undefined) return await runtime.startRun(run, context);
  const { sessionId, runId } = run;
  const key = { tenant: context.tenant, sessionId, runId };
  const asked = { carryOut, readiness };
  const before = await bindings.of(key);
  if (before !== undefined) {
    assertSame(before, asked, runId);
    const prompt = carryOut === undefined ? run.prompt : planPrompt(await asApproved(carryOut), run.prompt);
    return await runtime.startRun({ ...run, prompt }, context);
  }
  // Throws for one that is not there; the others are made when a run of theirs begins.
  if (run.agent !== undefined && !agents.has(run.agent)) await agents.get(run.agent);
  const plan = carryOut === undefined ? undefined : await readPlan(carryOut.folder, carryOut.path);
  if (plan?.sha256 !== carryOut?.sha256) throw planChanged(carryOut?.path ?? "");
  const requirements = await readiness?.judge();
  const approval = plan && { ...carryOut, ...plan };
  if (approval !== undefined) await claimApproval(home, approval, key);
  const bound = await bindings.bind(key, bindingOf(plan, readiness?.asked, requirements));
  // Somebody may have bound it at the same time.
  assertSame(bound, asked, runId);
  const prompt = plan === undefined ? run.prompt : planPrompt(plan, run.prompt);
  try {
    return await runtime.startRun({ ...run, prompt }, context);
  } catch (error) {
    // Who named the run hands it in again, and has its approval still; nobody knows the name of another one.
    if (approval !== undefined && request.runId === undefined && beganNothing(error))
      await releaseApproval(home, approval, key);
    throw error;
  }
}

function beganNothing(error: unknown): boolean {
  return isTauError(error) && (error.code === "agent.not_found" || error.code === "session.not_found");
}

type Asked = { readonly [Name in "carryOut" | "readiness"]: RunToBegin[Name] | undefined };

function assertSame(bound: RunBinding, { carryOut, readiness }: Asked, runId: string): void {
  const { plan } = bound;
  if (plan?.path !== carryOut?.path || plan?.sha256 !== carryOut?.sha256)
    throw new TauError(
      "plan.not_approved",
      `The run ${runId} is bound to another plan, or to none: leave run_id out, or give a new one.`,
    );
  if (bound.asked !== (readiness && hashOf(readiness.asked)))
    throw new TauError(
      "readiness.invalid",
      `The run ${runId} was handed in with other requirements, or with other answers: leave run_id out, or give a new one.`,
    );
}

function bindingOf(plan: PlanFile | undefined, asked: unknown, requirements: Json | undefined): RunBinding {
  return {
    ...(plan === undefined
      ? {}
      : { plan: { file: plan.file, path: plan.path, sha256: plan.sha256, at: Date.now() } }),
    ...(requirements === undefined ? {} : { requirements, asked: hashOf(asked) }),
  };
}

function hashOf(asked: unknown): string {
  return createHash("sha256").update(canonicalJson(asked)).digest("hex");
}

type Shown = Pick<PlanFile, "path" | "sha256" | "text">;

/** A plan whose run was handed in before: without its text where that is another one now, and the guard lets nothing be done. */
async function asApproved({ folder, path, sha256 }: NonNullable<RunToBegin["carryOut"]>): Promise<Shown> {
  const plan = await readPlan(folder, path).catch(() => undefined);
  return { path, sha256, text: plan?.sha256 === sha256 ? plan.text : "" };
}

/** The prompt of a run that carries a plan out: what was approved, word for word, whatever becomes of the file. */
function planPrompt({ path, sha256, text }: Shown, more: UserMessage): UserMessage {
  const said = more.parts.filter((part) => part.type !== "text" || part.text !== "");
  const head = `Carry out the plan in ${path}, which a person approved as it stands here (sha256:${sha256}).
Do what it says and nothing beyond; where it does not fit what you find, stop and say so.
`;
  return { ...more, parts: [{ type: "text", text: head }, ...said, { type: "text", text: `\n\n${text}` }] };
}
