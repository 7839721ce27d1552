import type { ActiveGrant } from "@tau/tools";

import type { Clock } from "./clock.ts";
import type { GrantOwner, Grants } from "./grants.ts";

/** The grants that count for the calls of one run. */
export interface RunGrants {
  /** As of the last look. What has expired is left out at once. */
  current(): readonly ActiveGrant[];
  /** Looks for what others granted and revoked, once a second at most unless it is `forced`. */
  refresh(signal: AbortSignal, forced?: boolean): Promise<void> | undefined;
}

// Another process's words are looked for this often at most: a run of quick steps must not pay for it.
const lookEveryMs = 1_000;

/** Makes the {@link RunGrants} of a principal's run in a session. */
export function createRunGrants(
  grants: Grants,
  clock: Clock,
  { sessionId, ...owner }: GrantOwner & { readonly sessionId: string },
): RunGrants {
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    current: () =>
      grants.known(owner).filter((grant) => grant.scope === "always" || grant.sessionId === sessionId),
    refresh(signal, forced = false) {
      const now = clock.now();
      if (!forced && now - lookedAt < lookEveryMs) return undefined;
      lookedAt = now;
      return grants.list(owner, signal).then(() => undefined);
    },
  };
}

/** Of a run whose answers count once. */
export const noGrants: RunGrants = { current: () => [], refresh: () => undefined };
