import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Hook, HookInput, RecheckDecision } from "@tau/runtime";

import { sessionStem, stemAbove } from "../child-session.ts";
import { planChanged } from "./plan-approvals.ts";
import { hashOf } from "./plan-files.ts";
import type { BoundPlan, BoundRun, RunBindings } from "./run-bindings.ts";

/** The hook that keeps runs to their plans, as events name it. */
export const planGuardName = "approved plan";

/** For how long an approval lets a run go on, in milliseconds. */
const approvalMs = 7 * 24 * 3_600_000;

/**
 * Makes the hook that lets nothing more be done for a plan that changed since a person approved it, whoever changed it: neither
 * by the run that carries it out nor by those below it, in whichever process.
 */
export function createPlanGuard(bindings: RunBindings, now: () => number = Date.now): Hook {
  // A plan that was another one for a moment may have been read then.
  const changed = new Set<string>();
  const faultIn = async (call: CallContext): Promise<string | undefined> => {
    for (const run of runsOf(call)) {
      const plan = (await bindings.of(run))?.plan;
      if (plan === undefined) continue;
      const key = [run.tenant, run.sessionId, run.runId].join("\0");
      const fault = changed.has(key) ? planChanged(plan.path) : await faultOf(plan, now());
      if (fault === undefined) continue;
      if (fault.code === "plan.changed") changed.add(key);
      return `${fault.code}: ${fault.message}`;
    }
    return undefined;
  };
  const gate = async ({ call }: HookInput): Promise<RecheckDecision> => {
    const reason = await faultIn(call);
    return reason === undefined ? { decision: "allow" } : { decision: "deny", reason };
  };
  return {
    name: planGuardName,
    beforeRun: gate,
    beforeTool: gate,
    // The call before it may have changed the plan, or somebody may have while a person was asked.
    recheck: gate,
    iteration: async ({ call }) => {
      const reason = await faultIn(call);
      return reason === undefined ? { decision: "continue" } : { decision: "stop", reason };
    },
  };
}

/** The run of a call and those above it, each in its session. Throws where nobody can say in which: it may be bound. */
function runsOf({ tenant, sessionId, runPath = [] }: CallContext): readonly BoundRun[] {
  let session = sessionId;
  return runPath.toReversed().map((runId) => {
    if (session === undefined) throw new TypeError(`The session of run ${runId} is not known.`);
    const run = { tenant, sessionId: sessionStem(session), runId };
    session = stemAbove(session);
    return run;
  });
}

/** Why a plan must not be carried out any further; undefined when it may be. */
export async function faultOf(
  { file, path, sha256, at }: BoundPlan,
  now: number,
): Promise<TauError | undefined> {
  if ((await hashOf(file)) !== sha256) return planChanged(path);
  if (now - at <= approvalMs) return undefined;
  return new TauError(
    "plan.expired",
    `The approval of ${path} is older than 7 days. Cancel the run, and approve the plan again: tau run --carry-out ${path}`,
  );
}
