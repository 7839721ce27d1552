import type { StoredEvent, StreamId } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";

/** Somebody who follows a stream. */
export interface Follower extends Disposable {
  /** Durable events of this process since the last call; undefined when there may be others: read the journal. */
  take(): readonly StoredEvent[] | undefined;
  /** Settles when there may be news; at once when there were some since the last call. */
  news(): Promise<void>;
}

// What other processes write is looked for this often, and only while somebody follows.
const pollEveryMs = 50;
// Beyond this many events a follower reads the journal instead of holding them in memory.
const maxHeld = 256;

/** Tells followers what is new: at once what this process wrote, within 50 ms what others did. */
export class Followers {
  readonly #client: DatabaseClient;
  readonly #byStream = new Map<string, Set<Inbox>>();
  readonly #pollers = new Map<string, Poller>();

  constructor(client: DatabaseClient) {
    this.#client = client;
  }

  /** Starts following, until the follower is disposed of. */
  add(id: StreamId): Follower {
    const key = keyOf(id);
    const inbox = new Inbox();
    const inboxes = this.#byStream.get(key) ?? new Set();
    this.#byStream.set(key, inboxes);
    inboxes.add(inbox);
    const stop = this.#poll(id.tenant, inbox);
    return {
      take: () => inbox.take(),
      news: () => inbox.news(),
      [Symbol.dispose]: () => {
        stop();
        inboxes.delete(inbox);
        if (inboxes.size === 0 && this.#byStream.get(key) === inboxes) this.#byStream.delete(key);
      },
    };
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
    for (const { timer } of this.#pollers.values()) clearInterval(timer);
    this.#pollers.clear();
    for (const inboxes of this.#byStream.values()) for (const inbox of inboxes) inbox.wake();
  }

  #poll(tenant: string, inbox: Inbox): () => void {
    const poller = this.#pollers.get(tenant) ?? createPoller(this.#client, tenant);
    this.#pollers.set(tenant, poller);
    poller.inboxes.add(inbox);
    return () => {
      poller.inboxes.delete(inbox);
      if (poller.inboxes.size > 0) return;
      clearInterval(poller.timer);
      this.#pollers.delete(tenant);
    };
  }
}

interface Poller {
  readonly inboxes: Set<Inbox>;
  readonly timer: NodeJS.Timeout;
}

function createPoller(client: DatabaseClient, tenant: string): Poller {
  const inboxes = new Set<Inbox>();
  let known: number | undefined;
  let asking = false;
  const look = async (): Promise<void> => {
    const found = await client.ask({ op: "foreign_version", tenant });
    if (found !== known) for (const inbox of inboxes) inbox.lookAgain();
    known = found;
  };
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    look()
      // Whoever follows finds out by reading.
      .catch(() => inboxes.forEach((inbox) => inbox.lookAgain()))
      .finally(() => (asking = false));
  }, pollEveryMs);
  return { inboxes, timer };
}

class Inbox {
  #held: StoredEvent[] = [];
  #complete = true;
  #fresh = false;
  #wake: (() => void) | undefined;

  put(events: readonly StoredEvent[]): void {
    if (this.#held.length + events.length > maxHeld) this.#complete = false;
    if (this.#complete) this.#held.push(...events);
    else this.#held = [];
    this.wake();
  }

  lookAgain(): void {
    this.#complete = false;
    this.#held = [];
    this.wake();
  }

  wake(): void {
    this.#fresh = true;
    this.#wake?.();
  }

  take(): readonly StoredEvent[] | undefined {
    const taken = this.#complete ? this.#held : undefined;
    this.#held = [];
    this.#complete = true;
    return taken;
  }

  async news(): Promise<void> {
    if (!this.#fresh) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#fresh = false;
  }
}

function keyOf({ tenant, stream }: StreamId): string {
  return `${tenant}/${stream}`;
}
