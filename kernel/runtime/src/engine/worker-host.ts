import type { Json, ObserverLevel } from "@tau/core";

import type { Clock } from "../clock.ts";
import type { Program, Submission } from "../engine.ts";
import type { Journal } from "../journal.ts";
import type { Owners } from "./owners.ts";

/** A key of a tenant. */
export interface KeyRef {
  readonly tenant: string;
  readonly key: string;
}

/** What the worker of a key needs of the engine around it. */
export interface WorkerHost {
  readonly journal: Journal;
  readonly owners: Owners;
  readonly clock: Clock;
  /** Aborts when the engine shuts down. */
  readonly stopping: AbortSignal;
  /** Whether the engine was started and is not shutting down. */
  isRunning(): boolean;
  program(name: string): Program | undefined;
  /** Whether the program may begin before its submission is durable. */
  beginsEarly(name: string): boolean;
  call(program: string, submission: Submission, signal: AbortSignal): Promise<Json>;
  /** The key has, or may have, runs that this process cannot make now. */
  tryLater(ref: KeyRef): void;
  /** The key's next run needs a program that is not registered. */
  blocked(ref: KeyRef, program: string): void;
  observe(
    name: string,
    level: ObserverLevel,
    ref: KeyRef & { readonly runId?: string; readonly program?: string },
    error?: unknown,
  ): void;
}
