import type { RunEvent } from "@tau/core";

import { countOption, flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openStoredSessions } from "../stored-sessions.ts";
import { homeNote, resolveSecret } from "../settings.ts";
import { createJsonView, createTimelineView } from "../show-events.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { contextOf } from "./run.ts";

/** `tau attach`: replays and follows, here or at a server. */
export const attachCommand: Command = {
  usage: "attach SESSION [--from N] [--server URL]",
  description: `Replays a session from an event on and then follows it, until Ctrl-C. Leaving does not touch the run.\n${homeNote}`,
  options: {
    from: { type: "string", value: "N", help: "The first event wanted. Default 1." },
    server: {
      type: "string",
      value: "URL",
      help: "A server made by `tau serve`, instead of this machine's store.",
    },
    token: { type: "string", value: "REF", help: "The server's token: env:NAME or file:PATH." },
    json: { type: "boolean", help: "Print every event as a line of JSON." },
  },
  examples: ["tau attach SESSION", "tau attach SESSION --server http://127.0.0.1:7117 --token env:TAU_TOKEN"],

  async run(args, terminal) {
    const [sessionId] = args.positionals;
    if (sessionId === undefined) throw usageError("Say which session: tau attach SESSION.");
    const view = flagOption(args, "json") ? createJsonView(terminal) : createTimelineView(terminal);
    const leave = new AbortController();
    const stopListening = terminal.onInterrupt(() => leave.abort());
    try {
      for await (const one of await eventsOf(args, { sessionId, signal: leave.signal }, terminal))
        view.show(one);
    } catch (error) {
      if (!leave.signal.aborted) throw error;
    } finally {
      stopListening();
    }
    return exitCodes.ok;
  },
};

interface Listening {
  readonly sessionId: string;
  readonly signal: AbortSignal;
}

async function eventsOf(
  args: ParsedArgs,
  listening: Listening,
  terminal: Terminal,
): Promise<AsyncIterable<RunEvent>> {
  const fromSeq = countOption(args, "from") ?? 1;
  const server = textOption(args, "server");
  if (server === undefined) return localEvents(fromSeq, listening, terminal);
  const { createTauClient } = await import("@tau/client");
  const reference = textOption(args, "token");
  const token = reference === undefined ? {} : { token: await resolveSecret(reference, terminal) };
  const client = createTauClient({ baseUrl: server, ...token });
  return client.attach({ sessionId: listening.sessionId, fromSeq }, { signal: listening.signal });
}

async function* localEvents(
  fromSeq: number,
  { sessionId, signal }: Listening,
  terminal: Terminal,
): AsyncGenerator<RunEvent> {
  await using sessions = await openStoredSessions(terminal);
  const context = { ...contextOf(terminal), signal };
  for await (const batch of sessions.runtime.attach({ sessionId, fromSeq }, context)) yield* batch;
}
