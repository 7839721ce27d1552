import type { MicroUsd } from "@tau/core";

/** Why the answer to a request is not kept. */
export type CacheRefusal =
  /** Only `temperature: 0` asks for the same answer every time. */
  | "not_deterministic"
  /** Nobody decided what the principal may use, so nobody knows who may read the answer. */
  | "no_scopes"
  /** Tools that run at the provider look at the world, which changes. */
  | "provider_tools";

/** What changed in the part of a prompt that a provider could have kept. */
export type CacheBreakCause =
  | "model_changed"
  | "system_changed"
  | "tools_changed"
  /** Earlier messages are gone or were edited, by compaction for example. */
  | "history_changed"
  /** The prompt went on as it was, and the provider had forgotten it all the same. */
  | "provider_forgot";

/** A prompt that does not begin as the one before it: the provider reads it anew, and bills it so. */
export interface CacheBreak {
  readonly cause: CacheBreakCause;
  /** Tokens of the earlier prompt that could have been read from the provider's cache; an estimate. */
  readonly tokens: number;
  /** What reading them anew costs more; absent when the price is not known. */
  readonly costMicroUsd?: MicroUsd;
}
