import type { JournalEvent, StoredEvent, StreamId } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import type { Follower, FollowerHost, Page } from "./follower.ts";
import { RecentEvents } from "./recent-events.ts";

// What other processes write is looked for this often, and only while somebody follows.
const pollEveryMs = 50;

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
  readonly #byTenant = new Map<string, Followed>();
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
    const followed = this.#byTenant.get(id.tenant) ?? { followers: new Set(), version: undefined };
    this.#byTenant.set(id.tenant, followed);
    followed.followers.add(follower);
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
    for (const { followers } of this.#byTenant.values()) {
      for (const follower of followers) follower.fail(error);
    }
  }

  remove(follower: Follower): void {
    const { id } = follower;
    const key = keyOf(id);
    const listening = this.#byStream.get(key);
    listening?.delete(follower);
    if (listening?.size === 0) this.#byStream.delete(key);
    const followed = this.#byTenant.get(id.tenant);
    followed?.followers.delete(follower);
    if (followed?.followers.size === 0) this.#byTenant.delete(id.tenant);
  }

  #look(): void {
    if (this.#byTenant.size === 0) {
      // Not at once when the last follower leaves: often the next one comes soon.
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (this.#looking || this.#byTenant.size === 0) return;
    this.#looking = true;
    const followed = [...this.#byTenant];
    this.#host.client
      .ask({ op: "foreign_versions", tenants: followed.map(([tenant]) => tenant) })
      .then((versions) =>
        followed.forEach(([tenant, of], index) => this.#notice(tenant, of, versions[index])),
      )
      // Whoever follows finds out why by reading.
      .catch(() => followed.forEach(([tenant, of]) => this.#notice(tenant, of, undefined)))
      .finally(() => (this.#looking = false));
  }

  #notice(tenant: string, followed: Followed, version: number | undefined): void {
    const isSame = version !== undefined && version >= 0 && version === followed.version;
    followed.version = version;
    if (isSame) return;
    this.#recent.forgetAll(tenant);
    for (const follower of followed.followers) follower.lookAgain();
  }
}

/** Those who follow streams of a tenant, and what was last seen of its file. */
interface Followed {
  readonly followers: Set<Follower>;
  version: number | undefined;
}

function keyOf({ tenant, stream }: StreamId): string {
  return `${tenant}/${stream}`;
}
