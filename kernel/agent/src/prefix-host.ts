import type { CallContext, Message } from "@tau/core";

/** The beginning of a prompt. */
export interface PromptPrefix {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly Message[];
}

/** A prefix that the provider keeps. */
export interface HostedPrefix {
  /** The provider's name for it. Never shown to a caller: whoever knows it could use it. */
  readonly handle: string;
  readonly tokens: number;
  /** Milliseconds since the epoch; the provider drops it then. */
  readonly expiresAt: number;
}

/**
 * A provider that keeps the beginnings of prompts as objects, which are made before and paid for by time.
 *
 * Contract: `remove` of an unknown handle succeeds. `list` answers what this program made, by the label it gave.
 */
export interface PrefixHost {
  /** As in `Model.provider`. */
  readonly provider: string;
  /** What the `Model.address` of its models begins with, without a slash at the end; absent where that does not matter. */
  readonly address?: string;
  create(prefix: PromptPrefix, options: HostOptions, context: CallContext): Promise<HostedPrefix>;
  remove(handle: string, signal: AbortSignal): Promise<void>;
  list(label: string, signal: AbortSignal): Promise<readonly HostedPrefix[]>;
  /** What a request that continues the prefix says instead of it: fields for `providerOptions`. */
  readonly protocol: string;
  use(handle: string): Readonly<Record<string, string>>;
}

/** How a prefix is kept. */
export interface HostOptions {
  readonly ttlMs: number;
  /** Tells this program's prefixes from others' in the same account. */
  readonly label: string;
}
