import type { Runtime } from "@tau/runtime";

import { countOption, flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { createJsonView } from "../event-view.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { serverOptions } from "../named-server.ts";
import { openSessions } from "../open-sessions.ts";
import { plain, plainJson } from "../plain-text.ts";
import { sessionEvents } from "../session-events.ts";
import { showSessions } from "../session-lines.ts";
import { createSessionWork } from "../session-work.ts";
import type { SessionWork } from "../session-work.ts";
import { sessionNamed } from "../stored-sessions.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { createTimelineView } from "../timeline-view.ts";
import { wrongVerb } from "../verb-hint.ts";
import { jobLines, todoLines } from "../work-lines.ts";

/** `tau sessions`: what was said and done. */
export const sessionsCommand: Command = {
  usage: "sessions list | sessions show|todos|jobs|handoff SESSION [--server URL]",
  description: `Lists the sessions of this machine, or of a server, the one used last first; shows the timeline of one, the
list of what is to be done in it, or its background jobs and what became of them; or writes what somebody who
takes its work over must know: goals, plan, files, decisions, risks, what is next. "tau run --handoff" begins a
session with it.
SESSION is an id, or "last".
${homeNote}`,
  options: {
    ...serverOptions,
    limit: { type: "string", short: "n", value: "N", help: "List at most this many. Default 20." },
    json: { type: "boolean", help: "Print JSON: one session, or one event, a line." },
  },
  maxWords: 2,
  examples: [
    "tau sessions list",
    "tau sessions show last",
    "tau sessions show SESSION --json | jq .event.type",
    "tau sessions todos last",
    "tau sessions jobs last",
    "tau sessions handoff last > HANDOFF.md",
    "tau sessions list --server http://127.0.0.1:7117",
  ],

  async run(args, terminal) {
    const [verb = "list", name] = args.positionals;
    const json = flagOption(args, "json");
    const limit = countOption(args, "limit") ?? 20;
    if (verb === "list" && name === undefined) {
      await using sessions = await openSessions(args, terminal);
      const page = await sessions.runtime.listSessions({ limit }, localContext(terminal));
      showSessions(page.sessions, terminal, json);
    } else if (verb === "show" && name !== undefined) {
      await using sessions = await openSessions(args, terminal);
      const sessionId = await sessionNamed(sessions.runtime, name, terminal);
      await showSession(sessions.runtime, { sessionId, json }, terminal);
    } else if ((verb === "todos" || verb === "jobs") && name !== undefined) {
      await using sessions = await openSessions(args, terminal);
      const sessionId = await sessionNamed(sessions.runtime, name, terminal);
      const work = createSessionWork();
      for (const { event } of await sessionEvents(sessions.runtime, sessionId, terminal)) work.add(event);
      showWork(verb, { work, json }, terminal);
    } else if (verb === "handoff" && name !== undefined) {
      await using sessions = await openSessions(args, terminal);
      const sessionId = await sessionNamed(sessions.runtime, name, terminal);
      const { createHandoff, renderHandoff } = await import("@tau/memory");
      const handoff = createHandoff(await sessionEvents(sessions.runtime, sessionId, terminal));
      writeLine(terminal, json ? plainJson(handoff) : plain(renderHandoff(handoff)).trimEnd());
    } else {
      throw wrongVerb(
        verb,
        ["list", "show", "todos", "jobs", "handoff"],
        "Say `tau sessions list`, or `show`, `todos`, `jobs` or `handoff` and a SESSION.",
      );
    }
    return exitCodes.ok;
  },
};

function showWork(
  what: "todos" | "jobs",
  { work, json }: { readonly work: SessionWork; readonly json: boolean },
  terminal: Terminal,
): void {
  const list = what === "todos" ? work.todos() : work.jobs();
  if (json) {
    for (const one of list) writeLine(terminal, plainJson(one));
    return;
  }
  const lines = what === "todos" ? todoLines(work.todos()) : jobLines(work.jobs());
  const none =
    what === "todos"
      ? "The session has no list of what is to be done."
      : "The session started no background jobs.";
  for (const line of lines.length === 0 ? [none] : lines) writeLine(terminal, line);
}

async function showSession(
  runtime: Pick<Runtime, "attach" | "getSession">,
  { sessionId, json }: { readonly sessionId: string; readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const context = localContext(terminal);
  const { version } = await runtime.getSession(sessionId, context);
  let isEmpty = !json;
  const view = json ? createJsonView(terminal) : createTimelineView(terminal);
  try {
    for await (const batch of runtime.attach({ sessionId, fromSeq: 1 }, context)) {
      for (const one of batch) {
        if (one.kind !== "event") continue;
        if (one.seq <= version) view.show(one);
        if (one.event.type === "run_started") isEmpty = false;
        if (one.seq >= version) return;
      }
    }
  } finally {
    view.pause();
    if (isEmpty) writeLine(terminal, "Nothing was said in this session yet.");
  }
}
