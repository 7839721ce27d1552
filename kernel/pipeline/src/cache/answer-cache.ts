import { silentObserver } from "@tau/core";
import type { CallContext, ModelEvent, ModelFinished, Observer } from "@tau/core";

import { inheritAnswer } from "../call-record.ts";
import type { CallRecord } from "../call-record.ts";
import { CallTable } from "../call-table.ts";
import type { Handler, Layer, ModelStream } from "../layer.ts";
import { safeObserver } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { continuePrefix } from "../prefix-cache/continue-prefix.ts";
import type { PrefixCaches } from "../prefix-cache/prefix-caches.ts";
import { watchStream } from "../watch-stream.ts";
import type { CacheBreak } from "./cache-facts.ts";
import { cacheKeyOf } from "./cache-key.ts";
import type { CacheEntry, CacheScope, CacheTier } from "./cache-tier.ts";
import { entryId, MemoryTier } from "./memory-tier.ts";
import type { MemoryTierOptions } from "./memory-tier.ts";
import { PrefixWatch } from "./prefix-watch.ts";
import { replayAnswer } from "./replay-answer.ts";
import { Flight } from "./single-flight.ts";

/** Where, and how long, the answer to a call may be kept. */
export interface CachePolicy {
  /** In the memory of this process. Default true. */
  readonly l1?: boolean;
  /** In the shared tier. Default true. */
  readonly l2?: boolean;
  /** Default 10 minutes. */
  readonly l1TtlMs?: number;
  /** Default 24 hours. */
  readonly l2TtlMs?: number;
}

/** Options of {@link createAnswerCache}. */
export interface AnswerCacheOptions {
  readonly l1?: MemoryTierOptions;
  /** A tier that outlives the process. Default none. */
  readonly l2?: CacheTier;
  /** Decides for each call. Default: both, for the default times. */
  readonly policyFor?: (call: PipelineCall) => CachePolicy;
  /** Prompts that providers keep as objects. Default none. */
  readonly prefixCaches?: PrefixCaches;
  /** Let equal calls that are under way share one answer. Default true. */
  readonly singleFlight?: boolean;
  readonly observer?: Observer;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Keeps answers. Disposing waits for what is still being written. */
export interface AnswerCache extends AsyncDisposable {
  /** The layer that looks answers up and keeps them. */
  readonly layer: Layer;
  /**
   * Drops the answers of a tenant, of one of its sessions, or one of them, from both tiers.
   *
   * @throws Error of the shared tier: the answers may still be there
   */
  purge(scope: CacheScope): Promise<void>;
}

const defaultL1TtlMs = 600_000;
const defaultL2TtlMs = 86_400_000;
/** Writes to the shared tier that may wait; beyond that an answer is not kept there. */
const maxPendingWrites = 1_000;

/**
 * Makes a cache of whole answers, in memory and optionally in a shared tier, and a watch over the provider's own
 * prompt caches.
 *
 * - A1. Only answers that would be given again are kept: `temperature: 0`, known scopes, a finished answer.
 * - A2. Whatever goes wrong in the cache is a miss, never a failed call.
 * - A3. An entry of another tenant, wherever it comes from, is no hit: it is dropped and an alert is raised.
 * - A4. A hit streams as an answer does, and costs nothing.
 */
export function createAnswerCache(options: AnswerCacheOptions = {}): AnswerCache {
  const { now = Date.now, l2 } = options;
  const observer = safeObserver(options.observer ?? silentObserver);
  const l1 = new MemoryTier(options.l1);
  const { prefixCaches } = options;
  const continuing: Store["continuing"] =
    prefixCaches && ((call, ask) => continuePrefix(prefixCaches, call, ask));
  const store: Store = { l1, l2, observer, now, writes: new Set(), continuing };
  const flights = new CallTable<SharedAnswer>();
  const prefixes = new PrefixWatch();
  const stopListening = l2?.onDrop?.((scope) => l1.drop(scope));

  const layer: Layer = {
    name: "cache",
    wrap: (next) => (call) => {
      const fetch = (inner: PipelineCall): ModelStream => watched(store, prefixes, inner, next);
      const { key, refusal } = cacheKeyOf(call);
      call.record.cacheRefusal = refusal;
      const policy = policyOf(store, call, options.policyFor);
      const isOff = policy.l1 === false && policy.l2 === false;
      if (key === undefined || isOff) return fetch(call);
      const lookup: Lookup = { call, key, id: entryId(call.context.tenant, key), policy, fetch };
      const instead = (): ModelStream =>
        options.singleFlight === false ? freshAnswer(store, lookup) : share(store, flights, lookup);
      return watchStream({ open: () => hitInMemory(store, lookup) ?? instead() });
    },
  };

  return {
    layer,
    async purge(scope) {
      l1.drop(scope);
      await l2?.drop(scope);
    },
    async [Symbol.asyncDispose]() {
      stopListening?.();
      await Promise.all(store.writes);
    },
  };
}

interface Store {
  readonly l1: MemoryTier;
  readonly l2: CacheTier | undefined;
  readonly observer: Observer;
  readonly now: () => number;
  readonly writes: Set<Promise<void>>;
  readonly continuing: PipelineCall["continuing"];
}

/** A policy that fails keeps nothing. */
function policyOf(
  { observer }: Store,
  call: PipelineCall,
  policyFor: AnswerCacheOptions["policyFor"],
): CachePolicy {
  try {
    return policyFor?.(call) ?? {};
  } catch (error) {
    const { traceId, tenant } = call.context;
    observer({ name: "cache.failed", level: 13, traceId, tenant, attributes: { op: "policy" }, error });
    return { l1: false, l2: false };
  }
}

interface Lookup {
  readonly call: PipelineCall;
  readonly key: string;
  /** Of the answer in this process: tenant and key. */
  readonly id: string;
  readonly policy: CachePolicy;
  readonly fetch: (call: PipelineCall) => ModelStream;
}

/** An answer under way, and the record of the call that began it, which it fills. */
interface SharedAnswer {
  readonly flight: Flight;
  readonly record: CallRecord;
}

/** Joins the flight of an equal call, or begins one that others may join. */
function share(store: Store, flights: CallTable<SharedAnswer>, lookup: Lookup): ModelStream {
  const { call, id } = lookup;
  const under = flights.get(id);
  if (under?.flight.isJoinable === true) {
    call.record.cacheHit = true;
    call.record.cacheLevel = "flight";
    return under.flight.join(call.context.signal, () => inheritAnswer(under.record, call.record));
  }
  // The flight may outlive whoever began it: only its own signal ends it.
  const context = withoutDeadline(call.context);
  const flight = new Flight(
    (signal) => freshAnswer(store, { ...lookup, call: { ...call, context: { ...context, signal } } }),
    () => {
      if (flights.get(id) === shared) flights.delete(id);
    },
  );
  const shared: SharedAnswer = { flight, record: call.record };
  flights.set(id, shared);
  return flight.join(call.context.signal);
}

/** Leaving something out is slow, and most calls have nothing to leave out. */
function withoutDeadline(context: CallContext): CallContext {
  if (context.deadline === undefined) return context;
  const { deadline: _, ...endless } = context;
  return endless;
}

/** An answer that is not in memory: out of the shared tier, or a fresh one, which is kept. */
function freshAnswer(store: Store, lookup: Lookup): ModelStream {
  const { call, policy } = lookup;
  let isHit = false;
  const hitOrFetch = (kept: ModelStream | undefined): ModelStream => {
    isHit = kept !== undefined;
    return kept ?? lookup.fetch(call);
  };
  return watchStream({
    open() {
      const isElsewhere = store.l2 !== undefined && policy.l2 !== false;
      return isElsewhere ? hitInTier(store, lookup).then(hitOrFetch) : lookup.fetch(call);
    },
    ended(end) {
      if (end.kind === "finished" && !isHit) keep(store, lookup, end.event);
    },
  });
}

function hitInMemory(store: Store, { call, id, policy }: Lookup): ModelStream | undefined {
  if (policy.l1 === false) return undefined;
  const entry = store.l1.get(id, store.now());
  return entry && hit(store, call, { entry, level: "l1" });
}

async function hitInTier(store: Store, { call, key, id, policy }: Lookup): Promise<ModelStream | undefined> {
  const { l2, observer, now } = store;
  if (l2 === undefined || policy.l2 === false) return undefined;
  const { tenant, traceId } = call.context;
  try {
    const { drops } = store.l1;
    const entry = await l2.get(tenant, key, now());
    if (entry === undefined) return undefined;
    const stream = hit(store, call, { entry, level: "l2" });
    if (stream === undefined) await l2.drop({ tenant, key });
    else if (policy.l1 !== false && store.l1.drops === drops) {
      const expiresAt = Math.min(entry.expiresAt, now() + (policy.l1TtlMs ?? defaultL1TtlMs));
      store.l1.put(id, { ...entry, expiresAt });
    }
    return stream;
  } catch (error) {
    observer({ name: "cache.failed", level: 13, traceId, tenant, attributes: { op: "get" }, error });
    return undefined;
  }
}

function hit(
  store: Store,
  { context, record }: PipelineCall,
  { entry, level }: { readonly entry: CacheEntry; readonly level: "l1" | "l2" },
): ModelStream | undefined {
  if (entry.tenant !== context.tenant) {
    const { traceId, tenant } = context;
    store.observer({ name: "cache.tenant_mismatch", level: 17, traceId, tenant, attributes: { level } });
    return undefined;
  }
  record.cacheHit = true;
  record.cacheLevel = level;
  return once(replayAnswer(entry.answer));
}

/** A stream of one batch, without what an async generator costs. */
function once(value: readonly ModelEvent[]): ModelStream {
  let isRead = false;
  const stream: AsyncIterableIterator<readonly ModelEvent[], unknown> = {
    [Symbol.asyncIterator]: () => stream,
    next: () => {
      const step = isRead ? { done: true as const, value: undefined } : { done: false as const, value };
      isRead = true;
      return Promise.resolve(step);
    },
  };
  return stream;
}

/** Keeps an answer that came to its own end. The shared tier is written beside the call, which does not wait. */
function keep(store: Store, { call, key, id, policy }: Lookup, answer: ModelFinished): void {
  if (answer.stopReason !== "stop" && answer.stopReason !== "tool_calls") return;
  const { l1, l2, now, writes } = store;
  const { tenant, sessionId } = call.context;
  const entryFor = (ttlMs: number): CacheEntry => {
    const entry = { tenant, key, expiresAt: now() + ttlMs, answer };
    return sessionId === undefined ? entry : { ...entry, sessionId };
  };
  if (policy.l1 !== false) l1.put(id, entryFor(policy.l1TtlMs ?? defaultL1TtlMs));
  if (l2 === undefined || policy.l2 === false || writes.size >= maxPendingWrites) return;
  const entry = entryFor(policy.l2TtlMs ?? defaultL2TtlMs);
  const write = putInTier(l2, entry, store.observer).finally(() => writes.delete(write));
  writes.add(write);
}

async function putInTier(l2: CacheTier, entry: CacheEntry, observer: Observer): Promise<void> {
  try {
    await l2.put(entry);
  } catch (error) {
    const { tenant } = entry;
    observer({ name: "cache.failed", level: 13, tenant, attributes: { op: "put" }, error });
  }
}

/** Asks, and compares what the provider's prompt cache can and did do with what it could before. */
function watched(store: Store, prefixes: PrefixWatch, call: PipelineCall, next: Handler): ModelStream {
  const { continuing, observer } = store;
  const asked = continuing === undefined ? call : { ...call, continuing };
  if (!prefixes.concerns(call)) return next(asked);
  return watchStream({
    open() {
      noteBreak(observer, call, prefixes.ask(call));
      return next(asked);
    },
    ended(end) {
      if (end.kind !== "finished") return;
      noteBreak(observer, call, prefixes.answered(call, end.event.usage.cacheReadTokens));
    },
  });
}

function noteBreak(
  observer: Observer,
  { context, record }: PipelineCall,
  found: CacheBreak | undefined,
): void {
  if (found === undefined) return;
  record.cacheBreak ??= found;
  const { traceId, tenant } = context;
  observer({ name: "cache_break", level: 9, traceId, tenant, attributes: { ...found } });
}
