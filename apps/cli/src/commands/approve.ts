import type { ApprovalAnswer, ApprovalRequested } from "@tau/core";

import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openStoredSessions } from "../stored-sessions.ts";
import { homeNote } from "../settings.ts";
import { plain } from "../style.ts";
import { writeLine } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { contextOf } from "./run.ts";

const answers: readonly ApprovalAnswer[] = ["allow", "deny", "rerun", "done"];

/** `tau approve`: answers a question, from any process on this machine. */
export const approveCommand: Command = {
  usage: "approve SESSION [QUESTION] [--allow | --deny | --rerun | --done]",
  description: `Shows the questions that a session waits for, or answers one. An answer counts once, for exactly the
arguments shown.\n${homeNote}`,
  options: {
    allow: { type: "boolean", help: "Let it run, once." },
    deny: { type: "boolean", help: "Refuse it." },
    rerun: { type: "boolean", help: "Of an interrupted effect: it did not happen, run it again." },
    done: { type: "boolean", help: "Of an interrupted effect: it did happen." },
    note: { type: "string", value: "TEXT", help: "Tell the model why." },
    json: { type: "boolean", help: "Print the questions as JSON." },
  },
  examples: [
    "tau approve SESSION",
    "tau approve SESSION QUESTION --allow",
    'tau approve SESSION QUESTION --deny --note "use the staging host"',
  ],

  async run(args, terminal) {
    const [sessionId, approvalId] = args.positionals;
    if (sessionId === undefined) throw usageError("Say which session: tau approve SESSION.");
    await using sessions = await openStoredSessions(terminal);
    const context = contextOf(terminal);
    if (approvalId === undefined) {
      const { pending } = await sessions.runtime.getSession(sessionId, context);
      for (const question of pending)
        writeLine(terminal, flagOption(args, "json") ? JSON.stringify(question) : describe(question));
      if (pending.length === 0) writeLine(terminal, "The session waits for nobody.");
      return exitCodes.ok;
    }
    const note = textOption(args, "note");
    const answer = answerOf(args);
    await sessions.runtime.respond(
      { sessionId, approvalId, answer, ...(note === undefined ? {} : { note }) },
      context,
    );
    writeLine(
      terminal,
      `Answered: ${answer}. If no process runs the session, go on with: tau run --resume ${sessionId}`,
    );
    return exitCodes.ok;
  },
};

function answerOf(args: ParsedArgs): ApprovalAnswer {
  const given = answers.filter((answer) => flagOption(args, answer));
  const [answer] = given;
  if (answer !== undefined && given.length === 1) return answer;
  throw usageError("Give exactly one answer: --allow, --deny, --rerun or --done.");
}

function describe(question: ApprovalRequested): string {
  const until = new Date(question.expiresAt).toISOString().slice(0, 16).replace("T", " ");
  return `${question.approvalId}  ${question.tool} ${plain(question.arguments)}\n  ${plain(question.summary)}\n  until ${until} UTC`;
}
