import type { JournalEvent, StoredEvent, StreamId } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import type { Follower, FollowerHost, Page } from "./follower.ts";
import { RecentEvents } from "./recent-events.ts";

// What other processes write is looked for this often, and only while somebody follows.
const pollEveryMs = 50;

// What was last seen of tenants that nobody follows now, so that who begins to follow one need not read for nothing.
const maxSeen = 1_000;

/** Collaborators of {@link Followers}. */
export interface FollowersHost {
  readonly client: DatabaseClient;
  /** Reads a page of a stream. */
  read(id: StreamId, next: number): Promise<Page>;
}

/** Tells followers what is new: at once what this process wrote, within 50 ms what others did. */
export class Followers implements FollowerHost {
  readonly #host: FollowersHost;
  readonly #byStream = new Map<string, Set<Follower>>();
  readonly #byTenant = new Map<string, Set<Follower>>();
  /** What tenants' files were at when somebody last looked; the longest ago first. */
  readonly #seen = new Map<string, number>();
  readonly #recent = new RecentEvents();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(host: FollowersHost) {
    this.#host = host;
  }

  /**
   * Starts telling a follower. What this process wrote last need not be read: what others wrote behind it, since
   * somebody looked, is found like everything that they write from now on.
   */
  add(follower: Follower, next: number): readonly StoredEvent[] | undefined {
    const { id } = follower;
    const key = keyOf(id);
    const listening = this.#byStream.get(key) ?? new Set();
    this.#byStream.set(key, listening.add(follower));
    const ofTenant = this.#byTenant.get(id.tenant) ?? new Set();
    this.#byTenant.set(id.tenant, ofTenant.add(follower));
    this.#timer ??= setInterval(() => this.#look(), pollEveryMs);
    return this.#recent.from(id, next);
  }

  read(id: StreamId, next: number): Promise<Page> {
    return this.#host.read(id, next);
  }

  /** Hands durable events, behind `version` others, to those who follow their stream. */
  tell(id: StreamId, version: number, events: readonly JournalEvent[]): void {
    const followers = this.#byStream.get(keyOf(id));
    if (followers === undefined) {
      this.#recent.keep(id, version, events);
      return;
    }
    this.#recent.forget(id);
    const told = events.map((event, index) => ({ ...event, seq: version + index + 1 }));
    for (const follower of followers) follower.put(told);
  }

  /** Ends everybody: the journal is closed. */
  failAll(error: unknown): void {
    for (const followers of this.#byTenant.values()) {
      for (const follower of followers) follower.fail(error);
    }
  }

  remove(follower: Follower): void {
    const { id } = follower;
    const key = keyOf(id);
    const listening = this.#byStream.get(key);
    listening?.delete(follower);
    if (listening?.size === 0) this.#byStream.delete(key);
    const ofTenant = this.#byTenant.get(id.tenant);
    ofTenant?.delete(follower);
    if (ofTenant?.size === 0) this.#byTenant.delete(id.tenant);
  }

  #look(): void {
    if (this.#byTenant.size === 0) {
      // Not at once when the last follower leaves: often the next one comes soon.
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (this.#looking || this.#byTenant.size === 0) return;
    this.#looking = true;
    const tenants = [...this.#byTenant.keys()];
    this.#host.client
      .ask({ op: "foreign_versions", tenants })
      .then((versions) => tenants.forEach((tenant, index) => this.#notice(tenant, versions[index])))
      // Whoever follows finds out why by reading.
      .catch(() => tenants.forEach((tenant) => this.#notice(tenant, undefined)))
      .finally(() => (this.#looking = false));
  }

  #notice(tenant: string, version: number | undefined): void {
    const isSame = version !== undefined && version >= 0 && version === this.#seen.get(tenant);
    this.#seen.delete(tenant);
    if (version !== undefined) this.#seen.set(tenant, version);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > maxSeen && oldest !== undefined) this.#seen.delete(oldest);
    if (isSame) return;
    this.#recent.forgetAll(tenant);
    for (const follower of this.#byTenant.get(tenant) ?? []) follower.lookAgain();
  }
}

function keyOf({ tenant, stream }: StreamId): string {
  return `${tenant}/${stream}`;
}
