import { TauError } from "@tau/core";
import type { ContextEntry } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { isChild } from "./child-session.ts";
import { localContext } from "./local-context.ts";
import { openLocalRuntime } from "./local-runtime.ts";
import type { LocalRuntime } from "./local-runtime.ts";
import { workspaceKey } from "./open-environment.ts";
import { plainSettings } from "./settings.ts";
import { tauHome } from "./tau-home.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the sessions of this machine for commands that run no agent. */
export async function openStoredSessions(terminal: Terminal): Promise<LocalRuntime> {
  return await openLocalRuntime({ settings: plainSettings(tauHome(terminal), terminal.cwd), takesUp: [] });
}

/**
 * The session that a person means: an id, or `last` for the one used last, those of agents below others left out. Throws
 * `session.not_found`.
 */
export async function sessionNamed(
  runtime: Pick<Runtime, "listSessions">,
  name: string,
  terminal: Terminal,
): Promise<string> {
  if (name !== "last") return name;
  let before: string | undefined;
  do {
    const page = await runtime.listSessions(
      { limit: 20, ...(before === undefined ? {} : { before }) },
      localContext(terminal),
    );
    const newest = page.sessions.find(({ sessionId }) => !isChild(sessionId));
    if (newest !== undefined) return newest.sessionId;
    before = page.nextBefore;
  } while (before !== undefined);
  throw new TauError("session.not_found", 'There are no sessions yet. Make one: tau run "…"');
}

/** Where a session works; undefined when it does not say. Throws `session.not_found`. */
export async function sessionWorkspace(
  runtime: Runtime,
  sessionId: string,
  terminal: Terminal,
): Promise<string | undefined> {
  for await (const [first] of runtime.attach({ sessionId, fromSeq: 1 }, localContext(terminal))) {
    const event = first?.kind === "event" ? first.event : undefined;
    const entries: readonly ContextEntry[] = event?.type === "session_created" ? event.bootstrap : [];
    return entries.find(({ key }) => key === workspaceKey)?.content;
  }
  return undefined;
}
