import { setImmediate as turn } from "node:timers/promises";

import type { Observation } from "@tau/core";
import { TauError } from "@tau/core";

import type { Engine } from "../engine.ts";
import type { Journal, StreamAppend } from "../journal.ts";
import type { Leases } from "../lease.ts";
import { createMemoryJournal } from "../memory/memory-journal.ts";
import { createMemoryLeases } from "../memory/memory-leases.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import type { ManualClock } from "../testing/manual-clock.ts";
import { createEmbeddedEngine } from "./embedded-engine.ts";
import type { EmbeddedEngineOptions } from "./embedded-engine.ts";

/** A {@link Journal} around another one whose next appends can be made to fail. */
export interface FailingJournal extends Journal {
  /** Every append so far, as `stream type`; what was written together with ` + ` between. */
  readonly appended: string[];
  /** How often a stream was read. */
  readonly reads: { count: number };
  /** How many follow a stream now, and how many ever did. */
  readonly followers: { now: number; ever: number };
  /** Makes appends of events of this type fail until it is told otherwise; undefined for none. */
  failOn(type: string | undefined): void;
}

/** Wraps a journal so that a disk can be full. */
function createFailingJournal(journal: Journal): FailingJournal {
  const appended: string[] = [];
  const followers = { now: 0, ever: 0 };
  const reads = { count: 0 };
  let failing: string | undefined;
  return {
    ...passing(journal),
    appended,
    followers,
    reads,
    read: (id, from, signal) => {
      reads.count++;
      return journal.read(id, from, signal);
    },
    async *follow(id, from, signal) {
      followers.now++;
      followers.ever++;
      try {
        yield* journal.follow(id, from, signal);
      } finally {
        followers.now--;
      }
    },
    failOn: (type) => {
      failing = type;
    },
    append: async (id, version, events) => {
      if (failing !== undefined && events.some(({ type }) => type.startsWith(failing ?? ""))) {
        throw new TauError("journal.unavailable", "The disk is full.", { class: "retryable" });
      }
      const next = await journal.append(id, version, events);
      appended.push(...lines([{ id, expectedVersion: version, events }]));
      return next;
    },
    appendAll: async (appends) => {
      const events = appends.flatMap((append) => append.events);
      if (failing !== undefined && events.some(({ type }) => type.startsWith(failing ?? ""))) {
        throw new TauError("journal.unavailable", "The disk is full.", { class: "retryable" });
      }
      const versions = await journal.appendAll(appends);
      appended.push(lines(appends).join(" + "));
      return versions;
    },
  };
}

function lines(appends: readonly StreamAppend[]): readonly string[] {
  return appends.flatMap(({ id, events }) => events.map(({ type }) => `${id.stream} ${type}`));
}

/** Wraps a journal so that everything takes a while, each time another one. */
export function createSlowJournal(journal: Journal, wait: () => Promise<void>): Journal {
  const slow = async <T>(act: () => Promise<T>): Promise<T> => {
    await wait();
    const answer = await act();
    await wait();
    return answer;
  };
  return {
    ...passing(journal),
    append: (id, version, events) => slow(() => journal.append(id, version, events)),
    appendAll: (appends) => slow(() => journal.appendAll(appends)),
    version: (id) => slow(() => journal.version(id)),
    async *read(id, from, signal) {
      await wait();
      for await (const batch of journal.read(id, from, signal)) {
        await wait();
        yield batch;
      }
    },
  };
}

/** Wraps leases so that everything takes a while. */
export function createSlowLeases(leases: Leases, wait: () => Promise<void>): Leases {
  return {
    acquire: async (tenant, key) => {
      await wait();
      const lease = await leases.acquire(tenant, key);
      await wait();
      if (lease === undefined) return undefined;
      return {
        lost: lease.lost,
        [Symbol.asyncDispose]: async () => {
          await wait();
          await lease[Symbol.asyncDispose]();
          await wait();
        },
      };
    },
  };
}

/** Waits that take up to four turns of the event loop, the same for the same seed. */
export function createWaits(seed: number): () => Promise<void> {
  let state = (seed % 2_147_483_646) + 1;
  return async () => {
    state = (state * 48_271) % 2_147_483_647;
    for (let left = state % 5; left > 0; left--) await turn();
  };
}

/** {@link Leases} whose holders can be made to lose them. */
export interface LosableLeases extends Leases {
  /** Every key that somebody asked for. */
  readonly asked: string[];
  loseAll(): void;
  /** Frees what is held without telling the holders, as it is for a process that was stopped for long. */
  freeAll(): Promise<void>;
}

/** Wraps leases so that a process can be cut off from them. */
export function createLosableLeases(leases: Leases): LosableLeases {
  const held = new Map<AbortController, () => PromiseLike<void>>();
  const asked: string[] = [];
  return {
    asked,
    acquire: async (tenant, key) => {
      asked.push(key);
      const lease = await leases.acquire(tenant, key);
      if (lease === undefined) return undefined;
      const lost = new AbortController();
      const release = (): PromiseLike<void> => lease[Symbol.asyncDispose]();
      held.set(lost, release);
      return {
        lost: lost.signal,
        [Symbol.asyncDispose]: async () => {
          if (held.delete(lost)) await release();
        },
      };
    },
    freeAll: async () => {
      for (const release of held.values()) await release();
      held.clear();
    },
    loseAll: () => {
      for (const [lost, release] of held) {
        held.delete(lost);
        Promise.resolve(release()).catch(() => undefined);
        lost.abort();
      }
    },
  };
}

/** An engine's surroundings, and how to make engines in them. */
export interface Setup {
  readonly journal: FailingJournal;
  readonly leases: LosableLeases;
  readonly clock: ManualClock;
  readonly observed: Observation[];
  readonly engine: (options?: Partial<EmbeddedEngineOptions>) => Engine;
}

/** Makes a {@link Setup} with a store that forgets. */
export function setUp(): Setup {
  const journal = createFailingJournal(createMemoryJournal());
  const leases = createLosableLeases(createMemoryLeases());
  const clock = createManualClock();
  const observed: Observation[] = [];
  const observer = (observation: Observation): void => {
    observed.push(observation);
  };
  const engine = (options: Partial<EmbeddedEngineOptions> = {}): Engine =>
    // Only what the test is about takes runs up again, not the search of the whole store.
    createEmbeddedEngine({ journal, leases, clock, observer, scanEveryMs: 86_400_000, ...options });
  return { journal, leases, clock, observed, engine };
}

/** What was observed. */
export function names(observed: readonly Observation[]): readonly string[] {
  return observed.map(({ name }) => name);
}

/** Lets time pass until there is nothing left to wake, or `enough` says so. */
export async function pass(clock: ManualClock, enough: () => boolean): Promise<void> {
  for (let count = 0; count < 1_000 && !enough(); count++) {
    clock.advance(100);
    await turn();
  }
}

function passing(journal: Journal): Journal {
  return {
    append: (id, version, events) => journal.append(id, version, events),
    appendAll: (appends) => journal.appendAll(appends),
    version: (id) => journal.version(id),
    read: (id, from, signal) => journal.read(id, from, signal),
    follow: (id, from, signal) => journal.follow(id, from, signal),
    tenants: () => journal.tenants(),
    list: (tenant, options) => journal.list(tenant, options),
    recent: (tenant, options) => journal.recent(tenant, options),
    saveCheckpoint: (id, checkpoint) => journal.saveCheckpoint(id, checkpoint),
    loadCheckpoint: (id) => journal.loadCheckpoint(id),
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}
