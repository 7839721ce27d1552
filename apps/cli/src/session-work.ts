import type { JsonObject, SessionEvent } from "@tau/core";
import { isJsonObject } from "@tau/core";

/** One thing that the agent wants to do. */
export interface SessionTodo {
  readonly text: string;
  readonly status: string;
}

/** A background job of a session, as its agent last saw it. */
export interface SessionJob {
  readonly id: string;
  readonly command: string;
  readonly runId: string;
  /** `ended_with_run`: it ran when its run, or the process of that run, ended, and was ended with it. */
  readonly status: "running" | "exited" | "failed" | "ended_with_run";
  readonly exitCode?: number;
  readonly reason?: string;
}

/** What is to be done in a session, and what it does in the background: a fold over its events. */
export interface SessionWork {
  /** Takes the next event, and answers the jobs that it ended. */
  add(event: SessionEvent): readonly SessionJob[];
  todos(): readonly SessionTodo[];
  /** In the order in which they were started. */
  jobs(): readonly SessionJob[];
}

/** Makes a {@link SessionWork} of no events. */
export function createSessionWork(): SessionWork {
  const jobs = new Map<string, SessionJob>();
  let todos: readonly SessionTodo[] = [];
  const endJobs = (): readonly SessionJob[] => {
    const ended = [...jobs.values()].filter(({ status }) => status === "running");
    for (const job of ended) jobs.set(job.id, { ...job, status: "ended_with_run" });
    return ended;
  };
  return {
    add(event) {
      // Whoever resumes a run does so in a process that has none of its jobs.
      if (event.type === "run_finished" || event.type === "run_resumed") return endJobs();
      if (event.type !== "effect_finished") return [];
      const { details = {}, runId } = event;
      if (Array.isArray(details["todos"])) todos = details["todos"].flatMap(todoOf);
      const seen = Array.isArray(details["jobs"]) ? details["jobs"] : [details["job"]];
      for (const facts of seen)
        if (isJsonObject(facts)) for (const job of jobOf(facts, runId)) jobs.set(job.id, job);
      return [];
    },
    todos: () => todos,
    jobs: () => [...jobs.values()],
  };
}

function todoOf(item: unknown): readonly SessionTodo[] {
  if (!isJsonObject(item)) return [];
  const { text, status } = item;
  return typeof text === "string" && typeof status === "string" ? [{ text, status }] : [];
}

function jobOf(facts: JsonObject, runId: string): readonly SessionJob[] {
  const { id, command, status, exitCode, reason } = facts;
  if (typeof id !== "string" || typeof command !== "string") return [];
  if (status !== "running" && status !== "exited" && status !== "failed") return [];
  return [
    {
      id,
      command,
      runId,
      status,
      ...(typeof exitCode === "number" ? { exitCode } : {}),
      ...(typeof reason === "string" ? { reason } : {}),
    },
  ];
}
