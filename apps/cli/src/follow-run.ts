import { isTauError } from "@tau/core";
import type { ApprovalRequested, CallContext, RunEvent, RunFinished } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { askPerson } from "./ask-person.ts";
import { exitCodes } from "./exit-codes.ts";
import type { EventView } from "./show-events.ts";
import type { Terminal } from "./terminal.ts";

/** A run to be shown to its end. */
export interface FollowedRun {
  readonly runtime: Runtime;
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
  readonly context: CallContext;
  readonly terminal: Terminal;
  readonly view: EventView;
  /** Whether there is a person who can be asked. */
  readonly interactive: boolean;
}

/**
 * Shows a run until it ends, or until it waits and nobody is there. Asks in place where somebody is; the
 * first answer counts, wherever it comes from. Ctrl-C cancels the run, and quits the second time.
 * Answers the command's exit code.
 */
export async function followRun(run: FollowedRun): Promise<number> {
  const { runtime, sessionId, runId, fromSeq, context, terminal, view } = run;
  const questions = createQuestions(run);
  const stopListening = terminal.onInterrupt(createInterrupt(run));
  try {
    for (const question of (await runtime.getSession(sessionId, context)).pending) questions.add(question);
    questions.ask();
    for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
      for (const one of batch) {
        view.show(one);
        const end = reactTo(one, questions, run);
        if (end !== undefined) return end;
      }
    }
    return exitCodes.failed;
  } finally {
    stopListening();
    await questions.close();
  }
}

/** What to do about an event; an exit code when nothing more is to be waited for. */
function reactTo(
  one: RunEvent,
  questions: Questions,
  { terminal, sessionId, interactive, runId }: FollowedRun,
): number | undefined {
  if (one.kind !== "event") return undefined;
  const { event } = one;
  if (event.type === "approval_requested") questions.add(event);
  else if (event.type === "approval_answered") questions.drop(event.approvalId);
  else if (event.type === "run_waiting") {
    if (!interactive) {
      terminal.stderr.write(waitingHint(sessionId, event.approvalIds));
      return exitCodes.waiting;
    }
    questions.ask();
  } else if (event.type === "run_finished" && event.runId === runId) {
    if (event.status !== "completed")
      terminal.stderr.write(`Session ${sessionId}: tau run --resume ${sessionId} "…" goes on.\n`);
    return exitCodeOf(event);
  }
  return undefined;
}

/** The exit code for a run's end. */
export function exitCodeOf({ status, reason, error }: RunFinished): number {
  if (status === "completed") return exitCodes.ok;
  if (status === "cancelled") return exitCodes.interrupted;
  if (reason.startsWith("limit_")) return exitCodes.limit;
  const refused = error !== undefined && /^(sandbox|permission)\.|^environment\.denied$/u.test(error.code);
  return refused ? exitCodes.denied : exitCodes.failed;
}

function waitingHint(sessionId: string, approvalIds: readonly string[]): string {
  const lines = approvalIds.map((id) => `  tau approve ${sessionId} ${id} --allow   (or --deny)`);
  return `The run waits for a person. Answer it, then go on:\n${lines.join("\n")}\n  tau run --resume ${sessionId}\n`;
}

function createInterrupt({ runtime, sessionId, runId, context, terminal }: FollowedRun): () => void {
  let presses = 0;
  return () => {
    presses += 1;
    if (presses > 1) process.exit(exitCodes.interrupted);
    terminal.stderr.write("\nCancelling; press Ctrl-C again to quit at once.\n");
    runtime
      .cancelRun({ sessionId, runId, reason: "Cancelled at the terminal." }, context)
      .catch((error: unknown) => {
        terminal.stderr.write(
          `Cancelling failed: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      });
  };
}

/** The open questions of a run, asked one after the other. */
interface Questions {
  add(question: ApprovalRequested): void;
  /** Somebody answered it. */
  drop(approvalId: string): void;
  ask(): void;
  close(): Promise<void>;
}

function createQuestions({ runtime, sessionId, context, terminal, interactive }: FollowedRun): Questions {
  const open = new Map<string, { readonly question: ApprovalRequested; readonly stop: AbortController }>();
  let asking: Promise<void> | undefined;

  const askAll = async (): Promise<void> => {
    for (const [approvalId, { question, stop }] of open) {
      try {
        const said = await askPerson(question, terminal, stop.signal);
        await runtime.respond({ sessionId, approvalId, ...said }, context);
      } catch (error) {
        // Answered elsewhere, or the run is over.
        if (!stop.signal.aborted && !isTauError(error)) throw error;
      }
      open.delete(approvalId);
    }
    asking = undefined;
  };

  return {
    add(question) {
      open.set(question.approvalId, { question, stop: new AbortController() });
    },
    drop(approvalId) {
      open.get(approvalId)?.stop.abort();
      open.delete(approvalId);
    },
    ask() {
      if (!interactive || open.size === 0) return;
      asking ??= askAll().catch((error: unknown) => {
        terminal.stderr.write(`Asking failed: ${error instanceof Error ? error.message : String(error)}\n`);
      });
    },
    async close() {
      for (const { stop } of open.values()) stop.abort();
      await asking;
    },
  };
}
