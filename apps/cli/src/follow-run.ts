import type { CallContext, RunEvent, RunFinished, RunWaiting, WaitingReason } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import type { EventView } from "./event-view.ts";
import { exitCodeOfError, exitCodes } from "./exit-codes.ts";
import { plain } from "./plain-text.ts";
import { createQuestions } from "./questions.ts";
import type { Questions } from "./questions.ts";
import type { Terminal } from "./terminal.ts";

/** A run to be shown to its end. */
export interface FollowedRun {
  readonly runtime: Pick<Runtime, "attach" | "cancelRun" | "getSession" | "respond">;
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
  readonly context: CallContext;
  readonly terminal: Terminal;
  readonly view: EventView;
  /** Whether there is a person who can be asked. */
  readonly interactive: boolean;
  /** The address of the server that runs it; absent for this machine. */
  readonly server?: string;
}

/**
 * Shows a run until it ends, or until it waits and nobody is there. Asks in place where somebody is; the
 * first answer counts, wherever it comes from. Ctrl-C cancels the run, and quits the second time. A command
 * that is told to go leaves the run for whoever resumes it. Answers the command's exit code.
 */
export async function followRun(run: FollowedRun): Promise<number> {
  const { runtime, sessionId, runId, fromSeq, context, terminal, view } = run;
  const questions = createQuestions(run);
  const leaving = new AbortController();
  let leftWith: number | undefined;
  const stopListening = [
    terminal.onInterrupt(createInterrupt(run)),
    terminal.onLeave((exitCode) => {
      leftWith = exitCode;
      leaving.abort();
    }),
  ];
  try {
    await recall(run, questions);
    const until = { sessionId, fromSeq, untilRunEnds: runId };
    for await (const batch of runtime.attach(until, { ...context, signal: leaving.signal })) {
      for (const one of batch) {
        view.show(one);
        const end = reactTo(one, questions, run);
        if (end !== undefined) return end;
      }
    }
    return exitCodes.failed;
  } catch (error) {
    if (leftWith === undefined) throw error;
    terminal.stderr.write(resumeHint(sessionId, false, run.server));
    return leftWith;
  } finally {
    for (const stop of stopListening) stop();
    view.pause();
    await questions.close();
  }
}

/** Events that may lie between a run's last answer and its end. */
const recallSpan = 100;

/** Of a run that goes on: what its next events refer to, and what it had asked. */
async function recall(
  { runtime, sessionId, fromSeq, context, view }: FollowedRun,
  questions: Questions,
): Promise<void> {
  const before = fromSeq - 1;
  if (before === 0) return;
  // Asked once it waits again, for an answer may be on its way.
  for (const question of (await runtime.getSession(sessionId, context)).pending) questions.add(question);
  for await (const batch of runtime.attach(
    { sessionId, fromSeq: Math.max(1, fromSeq - recallSpan) },
    context,
  )) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      if (one.seq <= before) view.recall(one);
      if (one.seq >= before) return;
    }
  }
}

/** What to do about an event; an exit code when nothing more is to be waited for. */
function reactTo(one: RunEvent, questions: Questions, run: FollowedRun): number | undefined {
  if (one.kind !== "event") return undefined;
  const { terminal, view, sessionId, interactive, runId, server } = run;
  const { event } = one;
  if (event.type === "approval_requested") questions.add(event);
  else if (event.type === "approval_answered") questions.drop(event.approvalId);
  else if (event.type === "run_waiting" && event.runId === runId) {
    if (interactive) {
      questions.ask();
      return undefined;
    }
    view.pause();
    terminal.stderr.write(waitingHint({ sessionId, server }, event));
    return exitCodes.waiting;
  } else if (event.type === "run_finished" && event.runId === runId) {
    return exitCodeOf(event);
  }
  return undefined;
}

/** The exit code for a run's end. */
function exitCodeOf({ status, reason, error }: RunFinished): number {
  if (status === "completed") return exitCodes.ok;
  if (status === "cancelled") return exitCodes.interrupted;
  if (reason.startsWith("limit_")) return exitCodes.limit;
  return error === undefined ? exitCodes.failed : exitCodeOfError(error.code);
}

/** How to go on with a session; a run that ended needs another prompt. */
export function resumeHint(sessionId: string, ended: boolean, server?: string): string {
  return `To go on: tau run --resume ${plain(sessionId)}${at(server)}${ended ? ' "…"' : ""}\n`;
}

/** The option that names a server. */
function at(server: string | undefined): string {
  return server === undefined ? "" : ` --server ${plain(server)}`;
}

/** What `tau approve` takes for an answer. */
const ways: Readonly<Record<WaitingReason, string>> = {
  approval: "--allow   (or --deny)",
  unknown_effect: "--rerun   (or --done, --deny)",
  question: '--answer "…"',
};

function waitingHint(
  { sessionId, server }: { readonly sessionId: string; readonly server: string | undefined },
  { approvalIds, reason }: RunWaiting,
): string {
  const where = at(server);
  const lines = approvalIds.map((id) => `  tau approve ${sessionId} ${id}${where} ${ways[reason]}\n`);
  // A server goes on by itself once there is an answer.
  const next = server === undefined ? "and then to go on" : "and then to see it go on";
  return `The run waits for a person. To look: tau approve ${sessionId}${where}. To answer, ${next}:
${lines.join("")}  tau run --resume ${sessionId}${where}\n`;
}

function createInterrupt(run: FollowedRun): () => void {
  const { runtime, sessionId, runId, context, terminal, view, server } = run;
  let presses = 0;
  return () => {
    presses += 1;
    view.pause();
    if (presses > 1) {
      terminal.stderr.write(`Quit. ${resumeHint(sessionId, false, server)}`);
      terminal.quit(exitCodes.interrupted);
      return;
    }
    terminal.stderr.write("\nCancelling; Ctrl-C again quits at once.\n");
    const cancelled = { sessionId, runId, reason: "Cancelled at the terminal." };
    runtime.cancelRun(cancelled, context).catch((error: unknown) => {
      terminal.stderr.write(
        `Cancelling failed: ${error instanceof Error ? plain(error.message) : "see the log"}\n`,
      );
    });
  };
}
