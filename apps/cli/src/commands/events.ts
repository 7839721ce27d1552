import { createSqliteStore } from "@tau/store-sqlite";

import { callLine } from "../call-lines.ts";
import { countOption, flagOption, textOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { plainJson } from "../plain-text.ts";
import { openStoredSessions, sessionNamed } from "../stored-sessions.ts";
import { createStyle } from "../style.ts";
import { homeNote, storeDirectory, tauHome } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** `tau events`: every model call, whatever became of it. */
export const eventsCommand: Command = {
  usage: "events [options]",
  description: `Lists the model calls of this machine, the newest last: whom they asked, what became of them, tokens, cost
and time. Each call is there once, also one that failed. What was said is not in it; see "tau sessions show".
${homeNote}`,
  options: {
    session: { type: "string", short: "s", value: "SESSION", help: 'Only those of this session; or "last".' },
    limit: { type: "string", short: "n", value: "N", help: "At most this many, the newest. Default 20." },
    json: { type: "boolean", help: "Print one call a line, as JSON, with all that is known of it." },
  },
  maxWords: 0,
  examples: ["tau events", "tau events --session last", "tau events --json | jq .result"],

  async run(args, terminal) {
    const named = textOption(args, "session");
    const sessionId = named === undefined ? undefined : await sessionIdOf(named, terminal);
    const limit = countOption(args, "limit") ?? 20;
    const json = flagOption(args, "json");
    const style = createStyle(terminal);
    await using store = await createSqliteStore({ directory: storeDirectory(tauHome(terminal)) });
    const { tenant } = localContext(terminal);
    const found = await store.calls.read(tenant, {
      limit,
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    for (const event of found) writeLine(terminal, json ? plainJson(event) : callLine(event, style));
    if (found.length === 0 && !json)
      writeLine(terminal, 'There are no model calls yet. Make one: tau run "…"');
    return exitCodes.ok;
  },
};

async function sessionIdOf(name: string, terminal: Terminal): Promise<string> {
  await using sessions = await openStoredSessions(terminal);
  return await sessionNamed(sessions.runtime, name, terminal);
}
