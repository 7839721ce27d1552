import { isTauError } from "@tau/core";
import type { ContextEntry } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import type { FoldersOf } from "./bound/served-folders.ts";
import type { LocalRuntime } from "./local-runtime.ts";
import { workspaceOf } from "./open-environment.ts";
import type { Settings } from "./settings.ts";

/**
 * The runtime as a server offers it: a session that a caller makes begins with what one made by `tau run` begins with,
 * as it is at that moment. What the caller hands in stays, and stands in place of what has the same key.
 */
export function servedRuntime(
  { runtime, bootstrapIn }: Pick<LocalRuntime, "bootstrapIn" | "runtime">,
  { settings, foldersOf }: ServedPlaces,
): Runtime {
  return {
    ...runtime,
    async createSession(request, context) {
      const given = request.bootstrap ?? [];
      const known = new Set(given.map(({ key }) => key));
      const served = foldersOf(context.tenant);
      const own = await ownEntries(given, { bootstrapIn, settings, served });
      const bootstrap = [...own.filter(({ key }) => !known.has(key)), ...given];
      return await runtime.createSession({ ...request, bootstrap }, context);
    },
  };
}

/** Where sessions work. */
export interface ServedPlaces {
  readonly settings: Settings;
  readonly foldersOf: FoldersOf;
}

interface OwnPlaces extends Pick<LocalRuntime, "bootstrapIn"> {
  readonly settings: Settings;
  readonly served: readonly string[];
}

async function ownEntries(
  given: readonly ContextEntry[],
  { bootstrapIn, settings, served }: OwnPlaces,
): Promise<readonly ContextEntry[]> {
  try {
    return await bootstrapIn(await workspaceOf({ bootstrap: given }, settings, served));
  } catch (error) {
    // A folder that is not served: nothing is read there, and the session's runs are refused with their reason.
    if (isTauError(error) && error.code === "environment.denied") return [];
    throw error;
  }
}
