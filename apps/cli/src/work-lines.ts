import { clip } from "./plain-text.ts";
import type { SessionJob, SessionTodo } from "./session-work.ts";
import { todoMark } from "./tool-lines.ts";

/** A list of what is to be done. */
export function todoLines(todos: readonly SessionTodo[]): readonly string[] {
  return todos.map(({ text, status }) => `${todoMark(status)} ${clip(text, 300)}`);
}

/** A list of background jobs: what became of each, and what it is. */
export function jobLines(jobs: readonly SessionJob[]): readonly string[] {
  return jobs.map((job) => `${clip(job.id, 20)}  ${wordOf(job).padEnd(18)}  ${titleOf(job)}`);
}

/** What is said at the end of a run of jobs that it did not wait for. */
export function endedJobLine(job: SessionJob): string {
  return `  … still running, and ended with the run: ${titleOf(job)} (${clip(job.id, 20)})`;
}

function titleOf({ command }: SessionJob): string {
  return clip(command, 100);
}

function wordOf({ status, exitCode, reason }: SessionJob): string {
  if (status === "exited") return `exit code ${exitCode ?? "?"}`;
  if (status === "failed") return `failed: ${clip(reason ?? "", 60)}`;
  return status === "running" ? "running" : "ended with its run";
}
