import type { EffectKind, Label } from "@tau/core";

import type { EnvironmentInfo } from "../environment.ts";

/** Where calls act, and who vouches for it. */
export interface FlowPlace {
  readonly environment: EnvironmentInfo;
  /** Whether a person vouches for what the workspace contains. */
  readonly trustedWorkspace: boolean;
  /** Whether what commands write is looked at before it is done; see `Environment.transactions`. */
  readonly judgedWrites: boolean;
  /** The folder whose credentials are guarded; absolute. */
  readonly home: string;
}

/** What a call does, and how far its answer may be trusted. */
export interface CallFacts {
  readonly kinds: readonly EffectKind[];
  /** Absent: as far as the workspace. */
  readonly label?: Label;
}
