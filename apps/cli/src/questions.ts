import { isTauError } from "@tau/core";
import type { ApprovalRequested, CallContext } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { answerQuestion } from "./answer-question.ts";
import { askPerson } from "./ask-person.ts";
import type { EventView } from "./event-view.ts";
import { inTurn } from "./terminal-turn.ts";
import type { Terminal } from "./terminal.ts";

/** The open questions of a run, asked one after the other. */
export interface Questions {
  add(question: ApprovalRequested): void;
  /** Somebody answered it. */
  drop(approvalId: string): void;
  /** Begins to ask, unless somebody is being asked already. */
  ask(): void;
  close(): Promise<void>;
}

/** Where questions come from and answers go. */
export interface QuestionHost {
  readonly runtime: Pick<Runtime, "respond">;
  readonly sessionId: string;
  readonly context: CallContext;
  readonly terminal: Terminal;
  readonly view: EventView;
}

interface OpenQuestion {
  readonly question: ApprovalRequested;
  readonly stop: AbortController;
}

/** Makes {@link Questions} that are asked on the terminal; the first answer counts, wherever it comes from. */
export function createQuestions(host: QuestionHost): Questions {
  const open = new Map<string, OpenQuestion>();
  let asking: Promise<void> | undefined;

  const askAll = async (): Promise<void> => {
    for (const [approvalId, one] of open) {
      await askOne(host, one);
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
      if (open.size === 0) return;
      asking ??= askAll().catch((error: unknown) => {
        host.terminal.stderr.write(
          `Asking failed: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      });
    },
    async close() {
      for (const { stop } of open.values()) stop.abort();
      await asking;
    },
  };
}

async function askOne(
  { runtime, sessionId, context, terminal, view }: QuestionHost,
  one: OpenQuestion,
): Promise<void> {
  const { question, stop } = one;
  const { approvalId } = question;
  try {
    const asks = question.question;
    const said = await inTurn(terminal, stop.signal, async () => {
      view.pause();
      return asks === undefined
        ? await askPerson(question, terminal, stop.signal)
        : await answerQuestion(asks, terminal, stop.signal);
    });
    await runtime.respond({ sessionId, approvalId, ...said }, context);
  } catch (error) {
    // Answered elsewhere, or the run is over: the cursor stands behind a prompt that nobody needs any more.
    if (stop.signal.aborted) terminal.stdout.write("\n");
    else if (!isTauError(error)) throw error;
  }
}
