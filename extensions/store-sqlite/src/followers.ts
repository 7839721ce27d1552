import type { StoredEvent, StreamId } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import { Inbox } from "./inbox.ts";

// What other processes write is looked for this often, and only while somebody follows.
const pollEveryMs = 50;

/** Tells followers what is new: at once what this process wrote, within 50 ms what others did. */
export class Followers {
  readonly #client: DatabaseClient;
  readonly #byStream = new Map<string, Set<Inbox>>();
  readonly #byTenant = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(client: DatabaseClient) {
    this.#client = client;
  }

  /** Starts following, until the inbox is disposed of. */
  add(id: StreamId): Inbox {
    const key = keyOf(id);
    const inbox = new Inbox(() => this.#remove(id, inbox));
    const listening = this.#byStream.get(key) ?? new Set();
    this.#byStream.set(key, listening.add(inbox));
    const followed = this.#byTenant.get(id.tenant) ?? { inboxes: new Set(), version: undefined };
    this.#byTenant.set(id.tenant, followed);
    followed.inboxes.add(inbox);
    this.#timer ??= setInterval(() => this.#look(), pollEveryMs);
    return inbox;
  }

  /** Hands durable events to those who follow their stream. */
  tell(id: StreamId, events: () => readonly StoredEvent[]): void {
    const inboxes = this.#byStream.get(keyOf(id));
    if (inboxes === undefined) return;
    const told = events();
    for (const inbox of inboxes) inbox.put(told);
  }

  /** Wakes everybody: the journal is closed. */
  wakeAll(): void {
    for (const inboxes of this.#byStream.values()) for (const inbox of inboxes) inbox.wake();
  }

  #remove(id: StreamId, inbox: Inbox): void {
    const key = keyOf(id);
    const listening = this.#byStream.get(key);
    listening?.delete(inbox);
    if (listening?.size === 0) this.#byStream.delete(key);
    const followed = this.#byTenant.get(id.tenant);
    followed?.inboxes.delete(inbox);
    if (followed?.inboxes.size === 0) this.#byTenant.delete(id.tenant);
    if (this.#byTenant.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const followed = [...this.#byTenant];
    this.#client
      .ask({ op: "foreign_versions", tenants: followed.map(([tenant]) => tenant) })
      .then((versions) => followed.forEach(([, of], index) => notice(of, versions[index])))
      // Whoever follows finds out why by reading.
      .catch(() => followed.forEach(([, of]) => notice(of, undefined)))
      .finally(() => (this.#looking = false));
  }
}

/** Those who follow streams of a tenant, and what was last seen of its file. */
interface Followed {
  readonly inboxes: Set<Inbox>;
  version: number | undefined;
}

function notice(followed: Followed, version: number | undefined): void {
  const isSame = version !== undefined && version >= 0 && version === followed.version;
  followed.version = version;
  if (!isSame) for (const inbox of followed.inboxes) inbox.lookAgain();
}

function keyOf({ tenant, stream }: StreamId): string {
  return `${tenant}/${stream}`;
}
