import { randomBytes } from "node:crypto";

import { isTauError, toErrorInfo } from "@tau/core";
import type { JsonObject } from "@tau/core";

import type { Environment, RunningProcess, StartRequest, TerminalSize } from "../environment.ts";
import { createJobOutput } from "./job-output.ts";
import type { JobOutput } from "./job-output.ts";

/** How a job stands. */
export type JobStatus =
  | { readonly status: "running" }
  | { readonly status: "exited"; readonly exitCode: number }
  /** The environment ended it, or it could not be started. */
  | { readonly status: "failed"; readonly reason: string };

/** A process that lives beside the calls of its run, and what it printed. */
export interface Job {
  /** `job-` and 8 hexadecimal digits; never used twice, so that a lost job is not taken for another one. */
  readonly id: string;
  /** What was asked for: shell source. */
  readonly command: string;
  readonly hasTerminal: boolean;
  /** `performance.now()` at its start. */
  readonly startedAt: number;
  readonly output: JobOutput;
  readonly process: RunningProcess;
  status(): JobStatus;
  /** Settles when it prints something, or ends. */
  news(): Promise<unknown>;
  /** Settles when it has ended; never rejects. */
  readonly ended: Promise<unknown>;
}

/** What {@link startJob} starts. */
export interface JobRequest {
  readonly command: string;
  readonly argv: StartRequest["argv"];
  readonly cwd: string;
  readonly callId: string;
  readonly pty?: TerminalSize;
  readonly input?: false;
  /** Called with what it prints, as it prints it. */
  readonly onOutput?: NonNullable<StartRequest["onOutput"]>;
}

// The call that starts a job ends before the job: what ends it is its environment, or somebody who kills it.
const never = new AbortController().signal;

/** Starts a process. Throws what `environment.start` throws. */
export async function startJob(environment: Environment, request: JobRequest): Promise<Job> {
  const output = createJobOutput();
  let changed = Promise.withResolvers<void>();
  let status: JobStatus = { status: "running" };
  const process = await environment.start(
    {
      argv: request.argv,
      cwd: request.cwd,
      callId: request.callId,
      ...(request.input === undefined ? {} : { input: request.input }),
      ...(request.pty === undefined ? {} : { pty: request.pty, env: { TERM: "xterm-256color" } }),
      onOutput(chunk, stream) {
        output.add(chunk);
        request.onOutput?.(chunk, stream);
        changed.resolve();
        changed = Promise.withResolvers();
      },
    },
    never,
  );
  const ended = process.exit.then(
    ({ exitCode }) => {
      status = { status: "exited", exitCode };
    },
    (error: unknown) => {
      status = { status: "failed", reason: isTauError(error) ? toErrorInfo(error).message : "It failed." };
    },
  );
  return {
    id: `job-${randomBytes(4).toString("hex")}`,
    command: request.command,
    hasTerminal: request.pty !== undefined,
    startedAt: performance.now(),
    output,
    process,
    ended,
    status: () => status,
    news: () => Promise.race([changed.promise, ended]),
  };
}

/** The job for events and screens. */
export function jobFacts(job: Job): JsonObject {
  return { id: job.id, command: job.command.slice(0, 500), terminal: job.hasTerminal, ...job.status() };
}
