import type { ApprovalAnswer, ApprovalRequested, PersonQuestion, Remember } from "@tau/core";

import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-codes.ts";
import { inDays, termLines } from "../grant-lines.ts";
import { heldLines } from "../held-lines.ts";
import { localContext } from "../local-context.ts";
import { serverOptions } from "../named-server.ts";
import { openSessions } from "../open-sessions.ts";
import { plainJson, visible } from "../plain-text.ts";
import { readableArguments } from "../readable-arguments.ts";
import { sourceLine } from "../source-line.ts";
import { sessionNamed } from "../stored-sessions.ts";
import { homeNote } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

const answers: readonly ApprovalAnswer[] = ["allow", "deny", "rerun", "done"];

/** `tau approve`: answers a question, from any process on this machine or through a server. */
export const approveCommand: Command = {
  usage:
    "approve SESSION [QUESTION] [--allow [--session | --always] | --deny | --rerun | --done | --answer TEXT]",
  description: `Shows the questions that a session waits for, or answers one. An answer counts once, for exactly the
arguments shown. SESSION is an id, or "last"; QUESTION may be left out when there is only one: before
--allow, --rerun and --done it is then shown, and you are asked whether you mean it; --deny and
--answer, which let nothing run, are sent unseen.
${homeNote}`,
  options: {
    allow: { type: "boolean", help: "Let it run, once." },
    session: { type: "boolean", help: "With --allow: and what is shown as its grant, in this session." },
    always: {
      type: "boolean",
      help: "With --allow: and what is shown as its grant, in every session of yours.",
    },
    deny: { type: "boolean", help: "Refuse it." },
    rerun: { type: "boolean", help: "Of an interrupted call: it did not happen, run it again." },
    done: { type: "boolean", help: "Of an interrupted call: it did happen." },
    answer: { type: "string", value: "TEXT", help: "Of a question of the model: what you say to it." },
    yes: {
      type: "boolean",
      short: "y",
      help: "Without QUESTION: answer whichever it is, unseen and unasked.",
    },
    note: { type: "string", value: "TEXT", help: "Tell the model why." },
    ...serverOptions,
    json: { type: "boolean", help: "Print the questions as JSON." },
  },
  maxWords: 2,
  examples: [
    "tau approve last",
    "tau approve last --allow",
    "tau approve SESSION QUESTION --allow",
    'tau approve last --answer "the staging database"',
    'tau approve last --deny --note "use the staging host"',
    "tau approve SESSION QUESTION --allow --always --server http://127.0.0.1:7117",
  ],

  async run(args, terminal) {
    const [name, question] = args.positionals;
    if (name === undefined) throw usageError("Say which session: tau approve SESSION.");
    const answer = answerOf(args, question);
    const remember = rememberOf(args, answer);
    await using sessions = await openSessions(args, terminal);
    const context = localContext(terminal);
    const sessionId = await sessionNamed(sessions.runtime, name, terminal);
    const { pending } = await sessions.runtime.getSession(sessionId, context);
    if (answer === undefined) {
      const json = flagOption(args, "json");
      for (const one of pending) writeLine(terminal, json ? plainJson(one) : describe(one));
      if (pending.length === 0 && !json) writeLine(terminal, "The session waits for nobody.");
      return exitCodes.ok;
    }
    const only = question === undefined ? onlyOne(pending) : undefined;
    if (only !== undefined && !(await isMeant(only, answer, { args, terminal, name }))) {
      writeLine(terminal, "Not answered; the question waits.");
      return exitCodes.denied;
    }
    const approvalId = question ?? only?.approvalId ?? "";
    const note = textOption(args, "answer") ?? textOption(args, "note");
    const said = {
      sessionId,
      approvalId,
      answer,
      ...(note === undefined ? {} : { note }),
      ...(remember === undefined ? {} : { remember }),
    };
    await sessions.runtime.respond(said, context);
    writeLine(
      terminal,
      sessions.server === undefined
        ? `Answered: ${answer}. Unless somebody runs the session, go on with: tau run --resume ${sessionId}`
        : `Answered: ${answer}. To see it go on: tau attach ${sessionId} --server ${sessions.server}`,
    );
    return exitCodes.ok;
  },
};

/** Undefined when the questions are to be shown. @throws TauError `cli.usage` */
function answerOf(args: ParsedArgs, question: string | undefined): ApprovalAnswer | undefined {
  const words: readonly ApprovalAnswer[] = textOption(args, "answer") === undefined ? [] : ["answer"];
  const given = [...answers.filter((answer) => flagOption(args, answer)), ...words];
  const [answer] = given;
  if (given.length > 1 || (answer === undefined && question !== undefined))
    throw usageError("Give exactly one answer: --allow, --deny, --rerun, --done or --answer.");
  if (answer === undefined && textOption(args, "note") !== undefined)
    throw usageError("A note goes with an answer: --allow, --deny, --rerun, --done or --answer.");
  return answer;
}

/** For how long an allow counts; undefined is once. @throws TauError `cli.usage` */
function rememberOf(args: ParsedArgs, answer: ApprovalAnswer | undefined): Remember | undefined {
  const [session, always] = [flagOption(args, "session"), flagOption(args, "always")];
  if ((session || always) && (answer !== "allow" || session === always))
    throw usageError("Say --allow with --session, with --always, or alone.");
  return session ? "session" : always ? "always" : undefined;
}

/** Answers by which something is done, or taken for done. */
const consequential: ReadonlySet<ApprovalAnswer> = new Set(["allow", "rerun", "done"]);

/**
 * Whether a person means the question that waits now: who names none may never have seen it, or have seen the one before it.
 *
 * @throws TauError `cli.usage`
 */
async function isMeant(
  question: ApprovalRequested,
  answer: ApprovalAnswer,
  { args, terminal, name }: { readonly args: ParsedArgs; readonly terminal: Terminal; readonly name: string },
): Promise<boolean> {
  if (!consequential.has(answer) || flagOption(args, "yes")) return true;
  if (!isInteractive(terminal))
    throw usageError(
      `Nobody sees here what is answered. Read it, "tau approve ${name}", and name it: ${commandFor(name, question, { answer, args })}; or add --yes.`,
    );
  writeLine(terminal, `${describe(question)}\n`);
  return await confirmed({ terminal, yes: false }, `Answer ${answer}?`);
}

/** The command that gives the same answer to one question, with all that was said beside it. */
function commandFor(
  name: string,
  { approvalId }: ApprovalRequested,
  { answer, args }: { readonly answer: ApprovalAnswer; readonly args: ParsedArgs },
): string {
  const flags = ["session", "always"].filter((flag) => flagOption(args, flag)).map((flag) => `--${flag}`);
  const texts = ["note", "server", "token"].flatMap((option) => {
    const text = textOption(args, option);
    return text === undefined ? [] : [`--${option}`, shellWord(text)];
  });
  return ["tau approve", shellWord(name), approvalId, `--${answer}`, ...flags, ...texts].join(" ");
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function onlyOne(pending: readonly ApprovalRequested[]): ApprovalRequested {
  const [first] = pending;
  if (first !== undefined && pending.length === 1) return first;
  throw usageError(
    first === undefined
      ? "The session waits for nobody."
      : `The session has ${pending.length} questions; say which one: ${pending.map(({ approvalId }) => approvalId).join(", ")}.`,
  );
}

function describe(question: ApprovalRequested): string {
  const { grant, times, held } = question;
  const until = new Date(question.expiresAt).toISOString().slice(0, 16).replace("T", " ");
  const asks = question.question;
  const sources = sourceLine(question);
  const lines = [
    `${question.approvalId}  ${visible(question.tool)}`,
    visible(asks?.text ?? question.summary).replaceAll(/^/gmu, "  "),
    (asks === undefined ? readableArguments(question.arguments) : optionsOf(asks)).replaceAll(/^/gmu, "  "),
    ...heldLines(held, (_, text) => text).map((line) => line.slice(2)),
    ...(sources === undefined ? [] : [`  ${sources}`]),
    ...(times === undefined ? [] : [`  the same ${times} times; one answer is for all of them`]),
    ...(grant === undefined
      ? []
      : [`  --session and --always would allow, for ${inDays(grant.ttlMs)} at most:`]),
    ...(grant === undefined ? [] : termLines(grant).map((line) => `    ${visible(line)}`)),
    `  answer until ${until} UTC`,
  ];
  return lines.join("\n");
}

function optionsOf({ options = [] }: PersonQuestion): string {
  const list = options.map((option) => visible(option).replaceAll("\n", " "));
  return list.length === 0 ? "answer in words" : `answer in words, for example: ${list.join(" | ")}`;
}
