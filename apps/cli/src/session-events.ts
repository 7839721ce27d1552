import type { Recorded } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { localContext } from "./local-context.ts";
import type { Terminal } from "./terminal.ts";

/** The events of a session so far, oldest first. Throws `session.not_found`. */
export async function sessionEvents(
  runtime: Pick<Runtime, "attach" | "getSession">,
  sessionId: string,
  terminal: Terminal,
): Promise<readonly Recorded[]> {
  const context = localContext(terminal);
  const { version } = await runtime.getSession(sessionId, context);
  const events: Recorded[] = [];
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1 }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      if (one.seq <= version) events.push({ seq: one.seq, at: one.at, event: one.event });
      if (one.seq >= version) return events;
    }
  }
  return events;
}
