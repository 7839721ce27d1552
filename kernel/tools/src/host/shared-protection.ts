import type { StartRequest } from "../environment.ts";
import type { Protection, PutAside } from "./protected-paths.ts";
import { enforceProtection, planProtection } from "./protected-paths.ts";

/** One {@link Protection} for the commands of an environment that run at the same time. */
export interface SharedProtection {
  /** To be called before a command. */
  enter(): Protection;
  /** To be called once it is dead; answers what was put aside. */
  leave(): Promise<readonly PutAside[]>;
}

/**
 * Commands that run at the same time share one plan. A plan made while another command runs would trust what
 * that one is just making: a folder that it exchanges for a symlink would be mounted as if it belonged here.
 */
export function shareProtection(workspace: string, paths: readonly string[]): SharedProtection {
  let users = 0;
  let plan: Protection | undefined;
  return {
    enter() {
      users++;
      plan ??= planProtection(workspace, paths);
      return plan;
    },
    async leave() {
      const moved = plan === undefined ? [] : await enforceProtection(workspace, plan.watched);
      users--;
      if (users === 0) plan = undefined;
      return moved;
    },
  };
}

/** Tells whoever reads the output of a command what of it was put aside. */
export function reportPutAside(request: Pick<StartRequest, "onOutput">, moved: readonly PutAside[]): void {
  for (const { from, to } of moved) {
    const text = `tau: ${from} is protected, so what the command made there is now ${to}\n`;
    request.onOutput?.(Buffer.from(text), "stderr");
  }
}
