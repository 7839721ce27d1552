import type { PrefixHost } from "@tau/agent";
import { isTauError, silentObserver } from "@tau/core";
import type { Observer } from "@tau/core";

import { safeObserver } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import type { AppliedPrefix } from "./applied-prefix.ts";
import { PrefixKeeper } from "./prefix-keeper.ts";
import { createMemoryPrefixBook } from "./prefix-record.ts";
import type { PrefixBook } from "./prefix-record.ts";
import type { ShelfLimits } from "./prefix-shelf.ts";

/** Options of {@link createPrefixCaches}. */
export interface PrefixCachesOptions extends ShelfLimits {
  readonly hosts: readonly PrefixHost[];
  /** Default: one in memory, which leaves what a killed process made to the provider's own expiry. */
  readonly book?: PrefixBook;
  /** Prefixes of fewer tokens are not worth an object. Default 4,096. */
  readonly minTokens?: number;
  /** Calls of a session from which on a prefix is worth making. Default 2. */
  readonly minCalls?: number;
  /** How long the provider keeps a prefix. Default 1 hour. */
  readonly ttlMs?: number;
  /** Tells this program's prefixes from others' in the same account. Default `tau`. */
  readonly label?: string;
  readonly observer?: Observer;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Between two rounds of the janitor. Default 60,000; 0 leaves the rounds to `tick` and `reconcile`. */
  readonly tickMs?: number;
}

/**
 * Prefixes of prompts that providers keep as objects. Disposing stops the janitor; what is kept stays for the next
 * process that opens the same book.
 */
export interface PrefixCaches extends AsyncDisposable {
  /**
   * The call with its beginning replaced by a kept prefix, where there is one. Where one is worth making it is
   * made beside the call, for the next one. Never throws because of the cache.
   */
  apply(call: PipelineCall): AppliedPrefix;
  /** A session has ended: its prefixes may go. */
  releaseSession(tenant: string, sessionId: string): void;
  /** Waits for the prefixes that are being made. */
  settled(): Promise<void>;
  /** Sessions that use each kept prefix, by its id. */
  references(): ReadonlyMap<string, number>;
  /** One round of the janitor: evicts what nobody needs, at the provider too. */
  tick(): Promise<void>;
  /** Compares with the providers' own lists, and removes there what this program made and no longer knows. */
  reconcile(): Promise<void>;
}

/** Rounds of the janitor between two comparisons with the providers' lists: an hour at the default tick. */
const reconcileEvery = 60;

/** Makes {@link PrefixCaches} and takes up what the book knows. */
export async function createPrefixCaches(options: PrefixCachesOptions): Promise<PrefixCaches> {
  const { hosts, book = createMemoryPrefixBook(), now = Date.now } = options;
  const observer = safeObserver(options.observer ?? silentObserver);
  const { label = "tau", ttlMs = 3_600_000, minTokens = 4_096, minCalls = 2, tickMs = 60_000 } = options;
  const policy = { label, ttlMs, minTokens, minCalls };
  const keeper = new PrefixKeeper({ hosts, book, observer, now, policy, limits: options });
  await keeper.load();

  let rounds = 0;
  let round: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    await keeper.tick();
    if (++rounds % reconcileEvery === 0) await keeper.reconcile();
  };
  const timer = tickMs === 0 ? undefined : setInterval(begin, tickMs).unref();
  function begin(): void {
    round ??= work()
      .catch((error: unknown) => {
        observer({ name: "prefix_cache.failed", level: 13, attributes: { op: "janitor" }, error });
      })
      .finally(() => (round = undefined));
  }

  return {
    apply: (call) => keeper.apply(call),
    releaseSession: (tenant, sessionId) => keeper.releaseSession(tenant, sessionId),
    settled: () => keeper.settled(),
    references: () => keeper.references(),
    tick: () => keeper.tick(),
    reconcile: () => keeper.reconcile(),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await keeper.close();
      await round;
    },
  };
}

/** Tells whether a failure may mean that the provider no longer knows a prefix. */
export function isForgottenPrefix(error: unknown): boolean {
  const codes = ["model.not_found", "model.invalid_request", "model.auth"];
  return isTauError(error) && codes.includes(error.code);
}
