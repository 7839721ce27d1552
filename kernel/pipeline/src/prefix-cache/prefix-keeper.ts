import type { Model, ModelRequest, PrefixHost } from "@tau/agent";
import { estimateTokens } from "@tau/core";
import type { Observer } from "@tau/core";

import type { PipelineCall } from "../pipeline-call.ts";
import type { AppliedPrefix } from "./applied-prefix.ts";
import { beginningsOf } from "./beginnings.ts";
import type { Beginning } from "./beginnings.ts";
import type { PrefixBook, PrefixRecord } from "./prefix-record.ts";
import { PrefixShelf } from "./prefix-shelf.ts";
import type { ShelfLimits } from "./prefix-shelf.ts";

/** What a {@link PrefixKeeper} works with. */
export interface PrefixKeeperParts {
  readonly hosts: readonly PrefixHost[];
  readonly book: PrefixBook;
  readonly observer: Observer;
  readonly now: () => number;
  readonly policy: {
    readonly label: string;
    readonly ttlMs: number;
    readonly minTokens: number;
    readonly minCalls: number;
  };
  readonly limits: ShelfLimits;
}

/** Something made by a process that has just begun may not be in the book yet. */
const orphanAfterMs = 1_800_000;
/** Sessions whose calls are counted; of more than these all begin again. */
const maxSessions = 100_000;

/** Makes, finds and removes prefixes, at the providers, on the shelf and in the book together. */
export class PrefixKeeper {
  readonly #parts: PrefixKeeperParts;
  readonly #shelf: PrefixShelf;
  readonly #making = new Map<string, Promise<void>>();
  readonly #calls = new Map<string, number>();
  /** Handles at a provider that the book does not know, and since when. */
  readonly #orphans = new Map<string, number>();
  readonly #stop = new AbortController();

  constructor(parts: PrefixKeeperParts) {
    this.#parts = parts;
    this.#shelf = new PrefixShelf(parts.limits);
  }

  async load(): Promise<void> {
    for (const record of await this.#parts.book.all()) this.#shelf.add(record, this.#parts.now());
  }

  apply(call: PipelineCall): AppliedPrefix {
    const host = this.#hostOf(call);
    const { sessionId, tenant } = call.context;
    if (host === undefined || sessionId === undefined) return { call };
    const beginnings = beginningsOf(call);
    const record = this.#acquire(beginnings, sessionId);
    // Retries and fallbacks are the same call.
    const isNew = call.record.attempts.length === 0;
    const isWorth = this.#countCall(`${tenant} ${sessionId}`, isNew) >= this.#parts.policy.minCalls;
    if (isWorth && isOutgrown(call.request, record)) this.#make(call, host, beginnings.at(-1));
    return record === undefined ? { call } : this.#applied(call, host, record);
  }

  releaseSession(tenant: string, sessionId: string): void {
    this.#shelf.releaseSession(tenant, sessionId, this.#parts.now());
    this.#calls.delete(`${tenant} ${sessionId}`);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#making.values());
  }

  references(): ReadonlyMap<string, number> {
    return new Map(this.#shelf.records.map(({ id }) => [id, this.#shelf.references(id)]));
  }

  async tick(): Promise<void> {
    const { hosts, book, observer, now } = this.#parts;
    for (const record of this.#shelf.evict(now())) {
      const { tenant, provider, handle, id } = record;
      try {
        await hosts.find((host) => host.provider === provider)?.remove(handle, this.#stop.signal);
        await book.remove(tenant, id);
      } catch (error) {
        // Tried again in the next round, until the provider's own expiry ends it.
        if (record.expiresAt > now()) this.#shelf.add(record, now());
        observer({ name: "prefix_cache.failed", level: 13, tenant, attributes: { op: "remove" }, error });
      }
    }
  }

  async reconcile(): Promise<void> {
    const everywhere = new Set<string>();
    for (const host of this.#parts.hosts) {
      const listed = await host.list(this.#parts.policy.label, this.#stop.signal);
      const there = new Set(listed.map(({ handle }) => handle));
      for (const handle of there) everywhere.add(handle);
      const known = new Set(this.#shelf.records.map(({ handle }) => handle));
      for (const handle of there) if (!known.has(handle)) await this.#removeOrphan(host, handle);
      for (const record of this.#shelf.records) {
        if (record.provider === host.provider && !there.has(record.handle)) await this.#forget(record);
      }
    }
    // What ended by itself is nobody's orphan any more.
    for (const handle of this.#orphans.keys()) if (!everywhere.has(handle)) this.#orphans.delete(handle);
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("The prefix caches were closed."));
    await this.settled();
  }

  /** Only for calls that may continue a prefix: no tools, and scopes that say who may share it. */
  #hostOf({ request, model, record }: PipelineCall): PrefixHost | undefined {
    if (request.promptCache === "none" || record.allowedScopes === undefined) return undefined;
    if (request.tools.length > 0 || (request.providerTools ?? []).length > 0) return undefined;
    return this.#parts.hosts.find((host) => keepsFor(host, model));
  }

  /** The longest kept beginning. */
  #acquire(beginnings: readonly Beginning[], session: string): PrefixRecord | undefined {
    for (const { id } of beginnings.toReversed()) {
      const record = this.#shelf.acquire(id, session, this.#parts.now());
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #countCall(session: string, isNew: boolean): number {
    const calls = (this.#calls.get(session) ?? 0) + (isNew ? 1 : 0);
    if (this.#calls.size >= maxSessions) this.#calls.clear();
    this.#calls.set(session, calls);
    return calls;
  }

  /** Begins to make a prefix, once however many ask. No call waits for it: the next one finds it. */
  #make(call: PipelineCall, host: PrefixHost, beginning: Beginning | undefined): void {
    if (beginning === undefined || beginning.tokens < this.#parts.policy.minTokens) return;
    const { id } = beginning;
    if (this.#making.has(id)) return;
    const making = this.#create(call, host, beginning).finally(() => this.#making.delete(id));
    this.#making.set(id, making);
  }

  async #create(call: PipelineCall, host: PrefixHost, { id, messages }: Beginning): Promise<void> {
    const { request, model } = call;
    const { book, observer, now, policy } = this.#parts;
    const { tenant, traceId } = call.context;
    const prefix = {
      model: model.id,
      system: request.system ?? "",
      messages: request.messages.slice(0, messages),
    };
    // It may serve others when its first caller has gone.
    const context = { ...call.context, signal: this.#stop.signal };
    try {
      const hosted = await host.create(prefix, { ttlMs: policy.ttlMs, label: policy.label }, context);
      const { provider } = host;
      const record = { id, tenant, provider, model: model.id, messages, createdAt: now(), ...hosted };
      await book.put(record);
      this.#shelf.add(record, now());
      const attributes = { tokens: hosted.tokens };
      observer({ name: "prefix_cache.created", level: 9, traceId, tenant, attributes });
    } catch (error) {
      observer({
        name: "prefix_cache.failed",
        level: 13,
        traceId,
        tenant,
        attributes: { op: "create" },
        error,
      });
    }
  }

  #applied(call: PipelineCall, host: PrefixHost, record: PrefixRecord): AppliedPrefix {
    const { system: _kept, ...rest } = call.request;
    const options = { ...rest.providerOptions?.[host.protocol], ...host.use(record.handle) };
    const request: ModelRequest = {
      ...rest,
      messages: rest.messages.slice(record.messages),
      providerOptions: { ...rest.providerOptions, [host.protocol]: options },
    };
    return { call: { ...call, request }, forget: () => this.#forget(record) };
  }

  /** The provider does not know it any more. */
  async #forget({ id, tenant }: PrefixRecord): Promise<void> {
    this.#shelf.remove(id);
    try {
      await this.#parts.book.remove(tenant, id);
    } catch (error) {
      const attributes = { op: "forget" };
      this.#parts.observer({ name: "prefix_cache.failed", level: 13, tenant, attributes, error });
    }
  }

  async #removeOrphan(host: PrefixHost, handle: string): Promise<void> {
    const now = this.#parts.now();
    const since = this.#orphans.get(handle) ?? now;
    this.#orphans.set(handle, since);
    if (since + orphanAfterMs > now) return;
    await host.remove(handle, this.#stop.signal);
    this.#orphans.delete(handle);
  }
}

/** Another server of the same name does not know what this host keeps. */
function keepsFor(host: PrefixHost, model: Model): boolean {
  if (host.provider !== model.provider) return false;
  if (host.address === undefined || model.address === undefined) return true;
  return model.address.startsWith(`${host.address}/`);
}

/** A conversation that became twice as long deserves a longer prefix; so each token is written few times. */
function isOutgrown({ messages }: ModelRequest, record: PrefixRecord | undefined): boolean {
  if (record === undefined) return true;
  const tail = messages.slice(record.messages, -1);
  return tail.reduce((sum, message) => sum + estimateTokens(message), 0) > record.tokens;
}
