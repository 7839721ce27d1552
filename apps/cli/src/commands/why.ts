import type { Label, Recorded } from "@tau/core";
import { why } from "@tau/session";
import type { Derived, Why } from "@tau/session";

import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { serverOptions } from "../named-server.ts";
import { openSessions } from "../open-sessions.ts";
import { plain, plainJson } from "../plain-text.ts";
import { sessionEvents } from "../session-events.ts";
import { sessionNamed } from "../stored-sessions.ts";
import { createStyle } from "../style.ts";
import type { Style } from "../style.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

/** `tau why`: where a block of a session comes from, and what a decision rests on. */
export const whyCommand: Command = {
  usage: "why SESSION [EVENT | CALL]",
  description: `Tells why a call was denied or asked about, or how far an event of a session is trusted: the decision,
what a person answered, and every event that it comes from, back to where untrusted text or a secret came in.
SESSION is an id, or "last"; EVENT a number, CALL the id of a tool call. Without them, the last call that was not
simply allowed.
${homeNote}`,
  options: {
    json: { type: "boolean", help: "Print the derivation as JSON." },
    ...serverOptions,
  },
  maxWords: 2,
  examples: ["tau why last", "tau why last 12", "tau why last call_7 --json | jq .steps"],

  async run(args, terminal) {
    const [name, target] = args.positionals;
    if (name === undefined)
      throw usageError("Say `tau why SESSION [EVENT | CALL]`, for example `tau why last`.");
    await using sessions = await openSessions(args, terminal);
    const sessionId = await sessionNamed(sessions.runtime, name, terminal);
    const events = await sessionEvents(sessions.runtime, sessionId, terminal);
    const found = why(events, targetOf(target, events));
    if (found === undefined) {
      writeLine(terminal, "Nothing there has a label: name an event that brought something, or a call.");
      return exitCodes.failed;
    }
    if (flagOption(args, "json")) writeLine(terminal, plainJson(found));
    else show(found, terminal);
    return exitCodes.ok;
  },
};

function targetOf(target: string | undefined, events: readonly Recorded[]): number | string {
  if (target === undefined) {
    const last = events.findLast(
      ({ event }) => event.type === "permission_decided" && event.decision !== "allow",
    );
    return last?.seq ?? 0;
  }
  return /^\d+$/u.test(target) ? Number(target) : target;
}

function show({ steps, decision, answer }: Why, terminal: Terminal): void {
  const style = createStyle(terminal);
  if (decision !== undefined) {
    const rule = decision.rule === undefined ? "" : `  [${decision.rule}]`;
    writeLine(terminal, `${style("bold", decision.decision)}${plain(`${rule}  ${decision.reason}`)}`);
    writeLine(terminal, `What it does: ${decision.kinds.join(", ")}.`);
  }
  if (answer !== undefined) {
    const { by, note } = answer;
    writeLine(
      terminal,
      plain(`Answered: ${answer.answer}, by ${by}${note === undefined ? "" : `: ${note}`}`),
    );
  }
  for (const step of steps) writeLine(terminal, line(step, style));
}

function line({ seq, what, tool, label, because }: Derived, style: Style): string {
  const subject = tool === undefined ? what : `${what} ${tool}`;
  const from = because.length === 0 ? "" : `  from ${because.map((one) => `#${one}`).join(", ")}`;
  return `${style("bold", `#${seq}`)}  ${plain(`${subject}: ${described(label)}${from}`)}`;
}

function described({ integrity, confidentiality, origins, secrets }: Label): string {
  const names = origins.length === 0 ? "" : ` (${origins.join(", ")})`;
  const held = secrets.length === 0 ? "" : `, may hold ${secrets.join(", ")}`;
  return `${integrity}, ${confidentiality}${names}${held}`;
}
