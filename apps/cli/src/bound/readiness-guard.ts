import type { Hook } from "@tau/runtime";

import { knownEvidence } from "../memory/known-evidence.ts";
import type { Settings } from "../settings.ts";
import type { RunBindings } from "./run-bindings.ts";

/**
 * Makes the hook that judges once more what a run was found ready with, so that the decision is in its events and its model knows
 * what is known; also where another process begins it.
 */
export function createReadinessGuard(bindings: RunBindings, settings: Settings): Hook {
  return {
    name: "knowledge-readiness",
    async beforeRun({ run: { runId }, call: { tenant, sessionId = "" } }, signal) {
      const requirements = (await bindings.of({ tenant, sessionId, runId }))?.requirements;
      if (requirements === undefined) return { decision: "allow" };
      const { createReadinessGate, parseRequirements } = await import("@tau/memory");
      const gate = createReadinessGate({
        requirements: parseRequirements(requirements),
        provider: await knownEvidence(settings),
      });
      return await gate.beforeRun({}, signal);
    },
  };
}
