import { isTauError } from "@tau/core";
import type { ContextEntry } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import type { LocalRuntime } from "./local-runtime.ts";
import { workspaceOf } from "./open-environment.ts";

/**
 * The runtime as a server offers it: a session that a caller makes begins with what one made by `tau run` begins with,
 * as it is at that moment. What the caller hands in stays, and stands in place of what has the same key.
 */
export function servedRuntime({ runtime, bootstrapIn }: LocalRuntime, cwd: string): Runtime {
  return {
    ...runtime,
    async createSession(request, context) {
      const given = request.bootstrap ?? [];
      const known = new Set(given.map(({ key }) => key));
      const own = await ownEntries(given, { bootstrapIn, cwd });
      const bootstrap = [...own.filter(({ key }) => !known.has(key)), ...given];
      return await runtime.createSession({ ...request, bootstrap }, context);
    },
  };
}

async function ownEntries(
  given: readonly ContextEntry[],
  { bootstrapIn, cwd }: Pick<LocalRuntime, "bootstrapIn"> & { readonly cwd: string },
): Promise<readonly ContextEntry[]> {
  try {
    return await bootstrapIn(await workspaceOf({ bootstrap: given }, cwd, true));
  } catch (error) {
    // A folder that is not served: nothing is read there, and the session's runs are refused with their reason.
    if (isTauError(error) && error.code === "environment.denied") return [];
    throw error;
  }
}
