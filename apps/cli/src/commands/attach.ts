import type { RunEvent } from "@tau/core";

import { countOption, flagOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { createJsonView } from "../event-view.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { serverOptions } from "../named-server.ts";
import { openSessions } from "../open-sessions.ts";
import { sessionNamed } from "../stored-sessions.ts";
import { homeNote } from "../tau-home.ts";
import type { Terminal } from "../terminal.ts";
import { createTimelineView } from "../timeline-view.ts";
import { usageError } from "../usage-error.ts";

/** `tau attach`: replays and follows, here or at a server. */
export const attachCommand: Command = {
  usage: "attach SESSION [--from N] [--server URL]",
  description: `Replays a session from an event on and then follows it, until Ctrl-C. Leaving does not touch the run.
SESSION is an id, or "last".
${homeNote}`,
  options: {
    from: { type: "string", value: "N", help: "The first event wanted. Default 1." },
    ...serverOptions,
    json: { type: "boolean", help: "Print every event as a line of JSON." },
  },
  maxWords: 1,
  examples: [
    "tau attach last",
    "tau attach SESSION --from 42 --json",
    "tau attach SESSION --server http://127.0.0.1:7117 --token env:TAU_TOKEN",
  ],

  async run(args, terminal) {
    const [name] = args.positionals;
    if (name === undefined) throw usageError("Say which session: tau attach SESSION.");
    const leaving = new AbortController();
    let leftWith: number = exitCodes.ok;
    const stopListening = [
      terminal.onInterrupt(() => leaving.abort()),
      terminal.onLeave((exitCode) => {
        leftWith = exitCode;
        leaving.abort();
      }),
    ];
    const view = flagOption(args, "json") ? createJsonView(terminal) : createTimelineView(terminal);
    const wanted = { name, fromSeq: countOption(args, "from") ?? 1, signal: leaving.signal };
    try {
      for await (const one of eventsOf(args, wanted, terminal)) view.show(one);
    } catch (error) {
      if (!leaving.signal.aborted) throw error;
    } finally {
      for (const stop of stopListening) stop();
      view.pause();
    }
    return leftWith;
  },
};

interface Wanted {
  readonly name: string;
  readonly fromSeq: number;
  readonly signal: AbortSignal;
}

async function* eventsOf(args: ParsedArgs, wanted: Wanted, terminal: Terminal): AsyncGenerator<RunEvent> {
  const { fromSeq, signal } = wanted;
  await using sessions = await openSessions(args, terminal);
  const sessionId = await sessionNamed(sessions.runtime, wanted.name, terminal);
  const context = { ...localContext(terminal), signal };
  for await (const batch of sessions.runtime.attach({ sessionId, fromSeq }, context)) yield* batch;
}
