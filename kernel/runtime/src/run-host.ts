import type { Observer } from "@tau/core";

import type { AgentRegistry } from "./agent-registry.ts";
import type { Clock } from "./clock.ts";
import type { ContentStore } from "./content-store.ts";
import type { FileTaints } from "./file-taints.ts";
import type { Grants } from "./grants.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { Sessions } from "./sessions.ts";

/** Collaborators of the run program. */
export interface RunHost {
  readonly agents: AgentRegistry;
  readonly sessions: Sessions;
  readonly content: ContentStore;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly grants: Grants;
  readonly taints: FileTaints;
}
