import { FewMap, isJsonObject, RareMap, unreachable } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { Checkpoint } from "../journal.ts";
import type { EngineEvent, KeyRunEvent, RunSubmitted } from "./engine-event.ts";

const checkpointVersion = 1;

/** A run that has not ended, with what happened to it so far. */
export interface OpenRun {
  readonly runId: string;
  readonly program: string;
  readonly input: Json;
  /** Why it was cancelled. */
  cancelled: string | undefined;
  signals: Map<string, Json> | undefined;
  /** Waits that ended without their signal. */
  expired: Set<string> | undefined;
  /** When each timer is due, milliseconds since the epoch. */
  timers: Map<string, number> | undefined;
}

/** The fold of one key's stream. */
export class KeyState {
  version = 0;
  /** The version that the newest checkpoint has; as long as not all is known, the one with which the key was opened. */
  checkpointSeq = 0;
  /** Runs to be made, in the order of submission. */
  readonly open: FewMap<string, OpenRun> = new FewMap();
  /** Who makes the open runs, or made the last ones; undefined when nobody does, or nobody knows. */
  holder: string | undefined;
  /** Where the ends of the other runs are in the stream, of those that ended after {@link knownFrom}. */
  readonly ended: RareMap<string, number> = new RareMap();
  /** The first event that the state knows of. */
  #knownFrom = 1;

  /** The first event that the state knows of: what ended before is not in {@link ended}. */
  get knownFrom(): number {
    return this.#knownFrom;
  }

  /** Whether every run that ever ended is known, so that one that is not there is a new one. */
  get knowsAll(): boolean {
    return this.#knownFrom === 1;
  }

  /** Takes the event with the number `version + 1`; tells whether it was that one. */
  apply(seq: number, event: EngineEvent | undefined): boolean {
    if (seq !== this.version + 1) return false;
    this.version = seq;
    if (event !== undefined) this.#fold(seq, event);
    return true;
  }

  has(runId: string): boolean {
    return this.open.has(runId) || this.ended.has(runId);
  }

  /** Only between runs: a checkpoint knows which runs ended, nothing of open ones. */
  toCheckpoint(): Checkpoint {
    return {
      seq: this.version,
      version: checkpointVersion,
      state: { ended: Object.fromEntries(this.ended.entries()) },
    };
  }

  /** Begins with a checkpoint; one of another shape is left alone, and the stream is read from its start. */
  restore({ seq, version, state }: Checkpoint): void {
    const ended = version === checkpointVersion ? toEnded(state) : undefined;
    if (ended === undefined) return;
    this.version = seq;
    this.checkpointSeq = seq;
    for (const [runId, endSeq] of ended) this.ended.set(runId, endSeq);
  }

  /** Begins behind an event after which the key had no work. */
  beginAfter(seq: number): void {
    this.version = seq;
    this.#knownFrom = seq + 1;
  }

  /**
   * Takes over what ended before {@link knownFrom}. `before` began with a checkpoint, which may be newer than that: a run
   * that ended later is taken from the events, so that they say who holds the key.
   */
  learn(before: KeyState): void {
    if (this.knowsAll) return;
    for (const [runId, endSeq] of before.ended.entries()) {
      if (endSeq < this.#knownFrom) this.ended.set(runId, endSeq);
    }
    this.checkpointSeq = before.checkpointSeq;
    this.#knownFrom = 1;
  }

  #fold(seq: number, event: EngineEvent): void {
    switch (event.type) {
      case "key_claimed":
        this.holder = event.by;
        break;
      case "key_released":
        if (this.holder === event.by) this.holder = undefined;
        break;
      case "run_submitted":
        if (this.has(event.runId)) break;
        // Who hands in a run of a key without work holds it; behind another run, that one's holder does.
        if (this.open.size === 0) this.holder = event.by;
        this.open.set(event.runId, toOpenRun(event.runId, event.program, event.input));
        break;
      default:
        this.#foldRun(seq, event);
    }
  }

  #foldRun(seq: number, event: Exclude<KeyRunEvent, RunSubmitted>): void {
    const run = this.open.get(event.runId);
    if (run === undefined) return;
    switch (event.type) {
      case "run_signalled":
        if (!isAnswered(run, event.name)) (run.signals ??= new Map()).set(event.name, event.payload);
        break;
      case "run_cancelled":
        run.cancelled ??= event.reason;
        break;
      case "timer_set":
        if (run.timers?.has(event.name) !== true) (run.timers ??= new Map()).set(event.name, event.at);
        break;
      case "wait_expired":
        if (run.signals?.has(event.name) !== true) (run.expired ??= new Set()).add(event.name);
        break;
      case "run_ended":
      case "run_ended_idle":
        this.open.delete(event.runId);
        this.ended.set(event.runId, seq);
        break;
      default:
        unreachable(event);
    }
  }
}

/** A run that was just handed in. */
export function toOpenRun(runId: string, program: string, input: Json): OpenRun {
  const [cancelled, signals, expired, timers] = [undefined, undefined, undefined, undefined];
  return { runId, program, input, cancelled, signals, expired, timers };
}

/** Whether the wait for the signal `name` has its end: the signal, or that it did not come. */
export function isAnswered({ signals, expired }: OpenRun, name: string): boolean {
  return signals?.has(name) === true || expired?.has(name) === true;
}

function toEnded(state: JsonObject): readonly (readonly [string, number])[] | undefined {
  const { ended } = state;
  if (!isJsonObject(ended)) return undefined;
  const entries: [string, number][] = [];
  for (const [runId, seq] of Object.entries(ended)) {
    if (typeof seq !== "number") return undefined;
    entries.push([runId, seq]);
  }
  return entries;
}
