import { isTauError, TauError } from "@tau/core";

import { planChanged } from "./bound/plan-approvals.ts";
import { planGuardName } from "./bound/plan-guard.ts";
import type { EventView } from "./event-view.ts";

/** A view that notices when the guard of a plan stopped something. */
export interface WatchedPlan {
  readonly view: EventView;
  /**
   * Checks that the run did nothing but for its plan; `current` reads what that is now.
   *
   * @throws TauError `plan.changed`, `plan.expired`
   */
  assertKept(current?: () => Promise<{ readonly path: string; readonly isSame: boolean }>): Promise<void>;
}

/** Watches the events of a run that may carry out a plan. */
export function watchPlan(view: EventView): WatchedPlan {
  let stopped: string | undefined;
  return {
    view: {
      recall: (event) => view.recall(event),
      note: (text) => view.note(text),
      pause: () => view.pause(),
      show(event) {
        view.show(event);
        if (event.kind !== "event" || event.event.type !== "hook_decided") return;
        const { hook, decision, reason } = event.event;
        if (hook === planGuardName && (decision === "deny" || decision === "stop")) stopped ??= reason;
      },
    },
    async assertKept(current) {
      if (stopped !== undefined) throw faultFrom(stopped);
      if (current === undefined) return;
      const { path, isSame } = await current().catch((error: unknown) => {
        if (isTauError(error) && error.code === "plan.not_found") return { path: "The plan", isSame: false };
        throw error;
      });
      if (!isSame) throw planChanged(path);
    },
  };
}

/** The guard's reasons begin with their code. */
function faultFrom(reason: string): TauError {
  const [, code, message] = /^(plan\.(?:changed|expired)): (.*)$/su.exec(reason) ?? [];
  return new TauError(code ?? "plan.changed", message ?? reason);
}
