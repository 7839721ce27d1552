import { setImmediate as turn } from "node:timers/promises";

import type { Json } from "@tau/core";

import type { Engine, EngineContext, Program, RunRef, Submission } from "../engine.ts";
import type { Journal } from "../journal.ts";

/** What engines under test share: a store, and time. */
export interface EngineWorld extends AsyncDisposable {
  /** What programs append to. */
  readonly journal: Journal;
  /** Opens an engine on the store, as another process would; the suite disposes it. */
  openEngine(): Promise<Engine>;
  /** Milliseconds since the epoch, as the engines see it. */
  now(): number;
  /** Lets time pass for the engines: at once where they have a clock of their own, else by waiting. */
  advance(ms: number): Promise<void>;
}

/** How the suite opens the engines it tests. */
export interface EngineAdapter {
  /** Opens an empty store; the suite disposes it after its engines. */
  readonly open: () => Promise<EngineWorld>;
}

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

/** Opens an engine with these programs and starts it. */
export async function startEngine(
  world: EngineWorld,
  programs: Readonly<Record<string, Program>>,
): Promise<Engine> {
  const engine = await world.openEngine();
  for (const [name, program] of Object.entries(programs)) engine.register(name, program);
  await engine.start();
  return engine;
}

/** A submission of tenant `acme`. */
export function submission(runId: string, over: Partial<Submission> = {}): Submission {
  return { tenant: "acme", key: "session-1", runId, input: null, ...over };
}

/** Submits a run and answers its result. */
export async function run(engine: Engine, program: string, what: Submission): Promise<Json> {
  await engine.submit(program, what);
  return await engine.result(what, never);
}

/** Lets time pass, a little at a time, until `work` settles. Only for what does not depend on how much passes. */
export async function whilePassing<T>(world: EngineWorld, work: PromiseLike<T>, stepMs = 100): Promise<T> {
  const progress = { isSettled: false };
  const settle = (): void => {
    progress.isSettled = true;
  };
  work.then(settle, settle);
  while (!progress.isSettled) {
    await world.advance(stepMs);
    await turn();
  }
  return await work;
}

/** What the run comes to, with time passing until it is known. */
export async function resultOf(world: EngineWorld, engine: Engine, what: RunRef): Promise<Json> {
  return await whilePassing(world, engine.result(what, never));
}

/** Something that happens once, and those who wait for it. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** Makes a {@link Gate}. */
export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Settles with the reason when the run's signal aborts. */
export async function abortOf({ signal }: EngineContext): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve, { once: true });
    });
  }
  return signal.reason;
}

/** Lets everything happen that only waits for the other parts of this process. */
export async function quiet(): Promise<void> {
  for (let count = 0; count < 50; count++) await turn();
}
