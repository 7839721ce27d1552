import type { Hook } from "@tau/runtime";
import type { Tool } from "@tau/tools";

import { createDiscovery } from "../client/discovery.ts";
import { createChangeTool } from "./change-tool.ts";
import { createPreviewHook } from "./kubernetes-hook.ts";
import type { KubernetesToolOptions } from "./kubernetes-options.ts";
import { createLookTool } from "./look-tool.ts";

/** The tools of a cluster, and the hooks without which changes are refused. */
export interface KubernetesTools {
  readonly tools: readonly Tool[];
  readonly hooks: readonly Hook[];
}

/** Makes the tool that looks; and, where namespaces for it are named, the one that changes with its hook. */
export function kubernetesTools(
  options: KubernetesToolOptions & { readonly now?: () => number },
): KubernetesTools {
  const context = { ...options, discovery: createDiscovery(options.client) };
  const look = createLookTool(context);
  if ((options.changeNamespaces ?? []).length === 0) return { tools: [look], hooks: [] };
  return {
    tools: [look, createChangeTool(context)],
    hooks: [createPreviewHook(context, options.now ?? Date.now)],
  };
}
