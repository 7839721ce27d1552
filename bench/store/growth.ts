import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSqliteStore } from "@tau/store-sqlite";
import type { SqliteStore } from "@tau/store-sqlite";

import { median } from "../lib/statistics.ts";
import { bodyOf } from "./measure.ts";

const depths = [100, 1_000, 10_000] as const;
const [, , deepest] = depths;
const appendsPerSample = 150;

/** What a session costs as it grows. */
export interface Growth {
  /** CPU time of an append of one turn (two events), by the turns before it. */
  readonly cpuUs: ReadonlyMap<number, number>;
  readonly fileOverPayload: number;
  readonly openingMs: number;
}

/** Measures sessions of each depth, each in a file of its own, in interleaved rounds. */
export async function measureGrowth(rounds: number): Promise<Growth> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-"));
  try {
    const samples = new Map<number, number[]>(depths.map((depth) => [depth, []]));
    const sessions = new Map<number, Session>();
    {
      await using store = await createSqliteStore({ directory });
      for (const depth of depths) sessions.set(depth, await Session.ofDepth(store, depth));
      for (let round = 0; round <= rounds; round++) {
        for (const depth of round % 2 === 0 ? depths : depths.toReversed()) {
          const cpuUs = (await sessions.get(depth)?.measureAppends()) ?? Number.NaN;
          if (round > 0) samples.get(depth)?.push(cpuUs);
        }
      }
      await sessions.get(deepest)?.saveCheckpoint();
    }
    const { size } = await stat(join(directory, `depth-${deepest}`, "journal.db"));
    return {
      cpuUs: new Map([...samples].map(([depth, cpuUs]) => [depth, median(cpuUs)])),
      fileOverPayload: size / (sessions.get(deepest)?.payload ?? Number.NaN),
      openingMs: median([await open(directory), await open(directory), await open(directory)]),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function idOf(depth: number): { readonly tenant: string; readonly stream: string } {
  return { tenant: `depth-${depth}`, stream: "session/long" };
}

class Session {
  /** Bytes of everything that was appended. */
  payload = 0;
  readonly #store: SqliteStore;
  readonly #depth: number;
  #version = 0;

  private constructor(store: SqliteStore, depth: number) {
    this.#store = store;
    this.#depth = depth;
  }

  static async ofDepth(store: SqliteStore, depth: number): Promise<Session> {
    const session = new Session(store, depth);
    await Promise.all(Array.from({ length: depth }, () => session.#append()));
    return session;
  }

  /** CPU time of one append, in microseconds. */
  async measureAppends(): Promise<number> {
    const cpu = process.cpuUsage();
    for (let made = 0; made < appendsPerSample; made++) await this.#append();
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / appendsPerSample;
  }

  async saveCheckpoint(): Promise<void> {
    const checkpoint = { seq: this.#version - 100, version: 1, state: {} };
    await this.#store.journal.saveCheckpoint(idOf(this.#depth), checkpoint);
  }

  #append(): Promise<number> {
    const before = this.#version;
    this.#version += 2;
    const events = [1, 2].map((one) => {
      const event = { type: "model_finished", version: 1, at: Date.now(), body: bodyOf(before + one) };
      this.payload += JSON.stringify(event).length;
      return event;
    });
    return this.#store.journal.append(idOf(this.#depth), before, events);
  }
}

/** Opens the store, and reads the checkpoint and what comes after it. */
async function open(directory: string): Promise<number> {
  const start = performance.now();
  await using store = await createSqliteStore({ directory });
  const id = idOf(deepest);
  const checkpoint = await store.journal.loadCheckpoint(id);
  const from = (checkpoint?.seq ?? 0) + 1;
  let events = 0;
  for await (const batch of store.journal.read(id, from, new AbortController().signal))
    events += batch.length;
  if (events !== 100) throw new Error(`Read ${events} events.`);
  return performance.now() - start;
}
