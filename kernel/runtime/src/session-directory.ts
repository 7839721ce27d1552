import { randomBytes } from "node:crypto";

import { isTauError, isTerminal, TauError, uuidv7 } from "@tau/core";
import type { CallContext, SessionCreated, SessionEvent } from "@tau/core";
import { encodeEvent, fenceKeyOf, SessionState } from "@tau/session";

import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { Journal, JournalEvent, StoredEvent } from "./journal.ts";
import type { Runtime, SessionInfo } from "./runtime.ts";
import { readState, sessionStream, toRecorded } from "./session-log.ts";
import { sessionNotFound } from "./sessions.ts";
import type { Sessions } from "./sessions.ts";

/** Makes, finds, lists and forks sessions: reads of the log, and writes of new streams only. */
export interface SessionDirectory {
  create: Runtime["createSession"];
  get: Runtime["getSession"];
  list: Runtime["listSessions"];
  fork: Runtime["forkSession"];
  /** The number of events of a session. Throws `session.not_found`. */
  version(sessionId: string, context: CallContext): Promise<number>;
  /** The event with which a run began, or that it may begin with when it has not. Reads the session from `fromSeq`. */
  placeOf(
    run: { readonly sessionId: string; readonly runId: string; readonly fromSeq: number },
    context: CallContext,
  ): Promise<number>;
  /** The state as the journal tells it. Throws `session.not_found`. */
  state(sessionId: string, context: CallContext): Promise<SessionState>;
}

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/u;

/** Collaborators of {@link createSessionDirectory}. */
export interface SessionDirectoryHost {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly sessions: Sessions;
}

/** Makes a {@link SessionDirectory}. */
export function createSessionDirectory(host: SessionDirectoryHost): SessionDirectory {
  const { journal, engine, clock, sessions } = host;
  const version = async (sessionId: string, { tenant }: CallContext): Promise<number> => {
    const found = idPattern.test(sessionId) ? await journal.version(sessionStream(tenant, sessionId)) : 0;
    if (found === 0) throw sessionNotFound(sessionId);
    return found;
  };

  const state = async (sessionId: string, { tenant, signal }: CallContext): Promise<SessionState> => {
    const id = idPattern.test(sessionId) ? sessionStream(tenant, sessionId) : undefined;
    const found = id === undefined ? undefined : await readState(journal, id, signal);
    if (found === undefined) throw sessionNotFound(sessionId);
    return found;
  };

  const get = async (sessionId: string, context: CallContext): Promise<SessionInfo> => {
    const info = infoOf(await state(sessionId, context));
    if (info.status !== "running") return info;
    if (await engine.isHeld({ tenant: context.tenant, key: sessionId })) return info;
    // Unless it ended between the two looks.
    const now = infoOf(await state(sessionId, context));
    return now.status === "running" && now.runId === info.runId ? { ...now, interrupted: true } : now;
  };

  return {
    version,
    state,
    get,

    async placeOf({ sessionId, runId, fromSeq }, { tenant, signal }) {
      let next = fromSeq;
      for await (const batch of journal.read(sessionStream(tenant, sessionId), fromSeq, signal)) {
        for (const stored of batch) {
          const { seq, event } = toRecorded(stored);
          if (event.type === "run_started" && event.runId === runId) return seq;
          next = seq + 1;
        }
      }
      return next;
    },

    async create(request, context) {
      const sessionId = request.externalId ?? uuidv7();
      if (!idPattern.test(sessionId)) throw invalidId(sessionId);
      const event: SessionCreated = {
        type: "session_created",
        sessionId,
        tenant: context.tenant,
        principal: context.principal.id,
        bootstrap: request.bootstrap ?? [],
        fenceKey: randomBytes(16).toString("hex"),
      };
      const at = clock.now();
      try {
        await journal.append(sessionStream(context.tenant, sessionId), 0, [{ ...encodeEvent(event), at }]);
        sessions.created(event, at);
        const created = new SessionState();
        created.apply({ seq: 1, at, event });
        return infoOf(created);
      } catch (error) {
        if (!isTauError(error) || error.code !== "journal.conflict") throw error;
      }
      // Creating is idempotent: the session is there already.
      return await get(sessionId, context);
    },

    async list({ limit, before }, context) {
      const prefix = "session/";
      const page = before === undefined ? {} : { before };
      const { streams, next } = await journal.recent(context.tenant, { prefix, limit, ...page });
      const found: SessionInfo[] = [];
      for (const { stream } of streams) found.push(await get(stream.slice(prefix.length), context));
      return next === undefined ? { sessions: found } : { sessions: found, nextBefore: next };
    },

    async fork({ sessionId, atSeq }, context) {
      const newest = await version(sessionId, context);
      if (!Number.isInteger(atSeq) || atSeq < 1 || atSeq > newest) {
        throw new TauError(
          "session.invalid_seq",
          `at_seq must be a whole number from 1 to ${newest}, the session's newest event.`,
        );
      }
      const events = await readUpTo(journal, { sessionId, atSeq }, context);
      const forkId = uuidv7();
      const {
        type,
        version: shape,
        body,
      } = encodeEvent({
        type: "session_created",
        sessionId: forkId,
        tenant: context.tenant,
        principal: context.principal.id,
        bootstrap: events.bootstrap,
        // The same, so that a provider's prompt cache knows the fork's beginning.
        fenceKey: events.fenceKey,
        forkedFrom: { sessionId, seq: atSeq },
      });
      const first: JournalEvent = { type, version: shape, body, at: clock.now() };
      await journal.append(sessionStream(context.tenant, forkId), 0, [first, ...events.rest]);
      return await get(forkId, context);
    },
  };
}

interface ForkedEvents {
  readonly bootstrap: SessionState["bootstrap"];
  readonly fenceKey: string;
  readonly rest: readonly JournalEvent[];
}

async function readUpTo(
  journal: Journal,
  { sessionId, atSeq }: { readonly sessionId: string; readonly atSeq: number },
  { tenant, signal }: CallContext,
): Promise<ForkedEvents> {
  const state = new SessionState();
  const rest: JournalEvent[] = [];
  for await (const batch of journal.read(sessionStream(tenant, sessionId), 1, signal)) {
    for (const stored of batch) {
      if (stored.seq > atSeq) break;
      const recorded = toRecorded(stored);
      state.apply(recorded);
      if (stored.seq > 1) rest.push(forForkedSession(stored, recorded.event));
    }
    if (state.version === atSeq) break;
  }
  if (state.run !== undefined && !isTerminal(state.run.status)) {
    throw new TauError(
      "session.busy_fork",
      `A session can be forked between runs only; event ${atSeq} is inside run ${state.run.runId}. Fork before or after it.`,
    );
  }
  return { bootstrap: state.bootstrap, fenceKey: fenceKeyOf(state), rest };
}

/** The event as it was; but a fork has an inbox of its own, of which nothing was read. */
function forForkedSession({ type, version, at, body }: StoredEvent, event: SessionEvent): JournalEvent {
  if (event.type !== "context_injected") return { type, version, at, body };
  return { ...encodeEvent({ ...event, inboxSeq: 0 }), at };
}

/** Of the entries that a session begins with, the one that names its folder. */
const workspaceKey = "workspace";

function infoOf(state: SessionState): SessionInfo {
  const { sessionId, version, createdAt, updatedAt, turns, usage, costMicroUsd, pending, run } = state;
  const workspace = state.bootstrap.find(({ key }) => key === workspaceKey)?.content;
  return {
    sessionId,
    status: run?.status ?? "created",
    version,
    createdAt,
    updatedAt,
    turns,
    ...(run === undefined ? {} : { runId: run.runId }),
    usage,
    costMicroUsd,
    pending,
    ...(state.title === "" ? {} : { title: state.title }),
    ...(workspace === undefined ? {} : { workspace }),
  };
}

function invalidId(id: string): TauError {
  return new TauError(
    "session.invalid_id",
    `external_id ${JSON.stringify(id.slice(0, 140))} is not valid: use 1 to 128 of a-z, A-Z, 0-9, ".", "_", ":" and "-".`,
  );
}
