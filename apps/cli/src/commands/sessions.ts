import { formatUsd } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Runtime, SessionInfo } from "@tau/runtime";

import { countOption, flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openStoredSessions } from "../stored-sessions.ts";
import { homeNote } from "../settings.ts";
import { createJsonView, createTimelineView } from "../show-events.ts";
import { createStyle } from "../style.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { contextOf } from "./run.ts";

/** `tau sessions`: what was said and done. */
export const sessionsCommand: Command = {
  usage: "sessions list | sessions show SESSION",
  description: `Lists the sessions of this machine, newest first, or shows the timeline of one.\n${homeNote}`,
  options: {
    limit: { type: "string", value: "N", help: "List at most this many. Default 20." },
    json: { type: "boolean", help: "Print JSON: one session, or one event, a line." },
  },
  examples: [
    "tau sessions list",
    "tau sessions show SESSION",
    "tau sessions show SESSION --json | jq .event.type",
  ],

  async run(args, terminal) {
    const [verb = "list", sessionId] = args.positionals;
    const json = flagOption(args, "json");
    await using sessions = await openStoredSessions(terminal);
    const context = contextOf(terminal);
    if (verb === "list") {
      const infos = await sessions.runtime.listSessions({ limit: countOption(args, "limit") ?? 20 }, context);
      showList(infos, terminal, json);
    } else if (verb === "show" && sessionId !== undefined) {
      await showSession(sessions.runtime, { sessionId, json }, context, terminal);
    } else {
      throw usageError("Say `tau sessions list`, or `tau sessions show SESSION`.");
    }
    return exitCodes.ok;
  },
};

function showList(infos: readonly SessionInfo[], terminal: Terminal, json: boolean): void {
  if (json) {
    for (const info of infos) writeLine(terminal, JSON.stringify(info));
    return;
  }
  const style = createStyle(terminal);
  if (infos.length === 0) writeLine(terminal, 'There are no sessions yet. Make one: tau run "…"');
  for (const { sessionId, status, updatedAt, turns, usage, costMicroUsd, pending } of infos) {
    const when = new Date(updatedAt).toISOString().slice(0, 16).replace("T", " ");
    const cost = costMicroUsd === 0 ? "" : `, ${formatUsd(costMicroUsd)}`;
    const waits = pending.length === 0 ? "" : style("yellow", `  waits for ${pending.length} answer(s)`);
    const facts = `${turns} turns, ${usage.inputTokens + usage.outputTokens} tokens${cost}`;
    writeLine(terminal, `${style("bold", sessionId)}  ${status.padEnd(9)}  ${when}  ${facts}${waits}`);
  }
}

async function showSession(
  runtime: Runtime,
  { sessionId, json }: { readonly sessionId: string; readonly json: boolean },
  context: CallContext,
  terminal: Terminal,
): Promise<void> {
  const { version } = await runtime.getSession(sessionId, context);
  const view = json ? createJsonView(terminal) : createTimelineView(terminal);
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1 }, context)) {
    for (const one of batch) {
      if (one.kind === "event" && one.seq > version) return;
      view.show(one);
      if (one.kind === "event" && one.seq === version) return;
    }
  }
}
