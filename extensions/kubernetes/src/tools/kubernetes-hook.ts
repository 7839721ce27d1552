import type { JsonObject } from "@tau/core";
import { isTauError } from "@tau/core";
import type { Hook } from "@tau/runtime";

import { changeToolName } from "./change-tool.ts";
import type { KubernetesContext } from "./kubernetes-options.ts";
import type { ChangeInput } from "./plan-change.ts";
import { changeActions, planChange } from "./plan-change.ts";
import { previewChange } from "./preview-change.ts";

const timeoutMs = 30_000;

/**
 * Makes the hook that has the server dry-run a change before anybody decides on it, and puts what would change into the call:
 * so a person sees it, and the answer is bound to it. What the model wrote there itself does not count.
 */
export function createPreviewHook(context: KubernetesContext, now: () => number): Hook {
  return {
    name: "kubernetes",
    timeoutMs,
    async beforeTool({ tool, arguments: args }, signal) {
      if (tool !== changeToolName) return { decision: "allow" };
      const { preview: _, ...asked } = args;
      const at = asked["action"] === "restart" ? { at: new Date(now()).toISOString() } : {};
      const call = { ...asked, ...at };
      if (!isChange(call)) return { decision: "deny", reason: "The action is none that can be previewed." };
      try {
        const { text } = await previewChange(context.client, await planChange(context, call, signal), signal);
        return {
          decision: "rewrite",
          arguments: { ...call, preview: text },
          reason: "The cluster's dry run was put into the call.",
        };
      } catch (error) {
        if (!isTauError(error)) throw error;
        return { decision: "deny", reason: `${error.code}: ${error.message}` };
      }
    },
  };
}

/** The arguments have passed the tool's schema; what is checked here is that they are those of this tool. */
function isChange(call: JsonObject): call is JsonObject & ChangeInput {
  return changeActions.some((action) => action === call["action"]);
}
