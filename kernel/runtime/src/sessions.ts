import { TauError } from "@tau/core";
import type { SessionCreated } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { EngineContext } from "./engine.ts";
import { createInbox } from "./inbox.ts";
import type { Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import { createRecent } from "./recent.ts";
import { SessionLog, sessionStream } from "./session-log.ts";

/** What {@link Sessions.open} needs of a run. */
export type SessionRun = Pick<EngineContext, "tenant" | "continues" | "append" | "appendLast">;

/** The sessions of this process: logs and inboxes, kept while they are in use and a while longer. */
export interface Sessions {
  /** The up-to-date log of a session, for the run that writes it. Throws `session.not_found`. */
  open(writer: SessionRun, sessionId: string, signal: AbortSignal): Promise<SessionLog>;
  /** Keeps the log of a session that was just created. */
  created(event: SessionCreated, at: number): void;
  /** The log of a session if it is kept: as it was when this process wrote it last. */
  kept(tenant: string, sessionId: string): SessionLog | undefined;
  /** Makes the next `open` read the journal. */
  forget(tenant: string, sessionId: string): void;
  inbox(tenant: string, sessionId: string): Inbox;
}

/** Makes {@link Sessions} that keep the `maxKept` sessions used last. */
export function createSessions(journal: Journal, clock: Clock, maxKept: number): Sessions {
  const logs = createRecent<SessionLog>(maxKept);
  const inboxes = createRecent<Inbox>(maxKept);
  const host = { journal, clock };

  /** One whose commit failed is ahead of the journal. */
  const keptLog = (key: string): SessionLog | undefined => {
    const log = logs.get(key);
    return log?.isDead === false ? log : undefined;
  };

  return {
    async open(run, sessionId, signal) {
      const { tenant, continues } = run;
      const id = sessionStream(tenant, sessionId);
      const key = `${tenant}/${sessionId}`;
      const found = keptLog(key);
      const isCurrent =
        found !== undefined && (continues || found.state.version === (await journal.version(id)));
      const log = isCurrent ? found : await SessionLog.open(host, id, signal);
      if (log === undefined) throw sessionNotFound(sessionId);
      log.writeThrough(run);
      logs.set(key, log);
      return log;
    },

    created(event, at) {
      const { tenant, sessionId } = event;
      const [id, key] = [sessionStream(tenant, sessionId), `${tenant}/${sessionId}`];
      logs.set(key, SessionLog.created(host, id, { seq: 1, at, event }));
      inboxes.set(key, createInbox(journal, clock, id, at));
    },

    kept: (tenant, sessionId) => keptLog(`${tenant}/${sessionId}`),

    forget(tenant, sessionId) {
      logs.delete(`${tenant}/${sessionId}`);
    },

    inbox(tenant, sessionId) {
      const key = `${tenant}/${sessionId}`;
      const kept = inboxes.get(key) ?? createInbox(journal, clock, sessionStream(tenant, sessionId));
      inboxes.set(key, kept);
      return kept;
    },
  };
}

/** The error for a session that the tenant does not have. */
export function sessionNotFound(sessionId: string): TauError {
  return new TauError("session.not_found", `There is no session ${JSON.stringify(sessionId.slice(0, 128))}.`);
}
