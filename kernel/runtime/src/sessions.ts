import { TauError } from "@tau/core";

import type { Clock } from "./clock.ts";
import { createInbox } from "./inbox.ts";
import type { Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import { SessionLog, sessionStream } from "./session-log.ts";

/** The sessions of this process: logs and inboxes, kept while they are in use and a while longer. */
export interface Sessions {
  /** The up-to-date log of a session, for its one writer. Throws `session.not_found`. */
  open(tenant: string, sessionId: string, signal: AbortSignal): Promise<SessionLog>;
  /** Makes the next `open` read the journal. */
  forget(tenant: string, sessionId: string): void;
  inbox(tenant: string, sessionId: string): Inbox;
}

/** Makes {@link Sessions} that keep the `maxKept` sessions used last. */
export function createSessions(journal: Journal, clock: Clock, maxKept: number): Sessions {
  const logs = createRecent<SessionLog>(maxKept);
  const inboxes = createRecent<Inbox>(maxKept);

  return {
    async open(tenant, sessionId, signal) {
      const id = sessionStream(tenant, sessionId);
      const key = `${tenant}/${sessionId}`;
      const kept = logs.get(key);
      if (kept !== undefined && kept.state.version === (await journal.version(id))) {
        logs.set(key, kept);
        return kept;
      }
      const log = await SessionLog.open({ journal, clock }, id, signal);
      if (log === undefined) throw sessionNotFound(sessionId);
      logs.set(key, log);
      return log;
    },

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

interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** A map that keeps the entries used last. */
function createRecent<T>(max: number): Recent<T> {
  const entries = new Map<string, T>();
  return {
    get: (key) => entries.get(key),
    delete: (key) => {
      entries.delete(key);
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      const [oldest] = entries.keys();
      if (entries.size > max && oldest !== undefined) entries.delete(oldest);
    },
  };
}
