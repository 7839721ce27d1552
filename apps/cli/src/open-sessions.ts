import type {
  NewSession,
  Plan,
  PlanInfo,
  Readiness,
  ReadinessVerdict,
  RunOptions,
  TauClient,
} from "@tau/client";
import { TauError, uuidv7 } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Runtime, SessionInfo, StartedRun, StartRunRequest } from "@tau/runtime";

import type { ParsedArgs } from "./command.ts";
import { namedServer } from "./named-server.ts";
import type { NamedServer } from "./named-server.ts";
import { openStoredSessions } from "./stored-sessions.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** What can be asked of sessions, wherever they are. */
export type SessionAccess = Pick<
  Runtime,
  | "attach"
  | "cancelRun"
  | "createSession"
  | "getSession"
  | "listGrants"
  | "listSessions"
  | "respond"
  | "revokeGrant"
  | "startRun"
>;

/** The sessions of this machine, or of a server. */
export interface OpenSessions extends AsyncDisposable {
  readonly runtime: SessionAccess;
  /** The server's address; absent for this machine. */
  readonly server?: string;
}

/** A prompt for a server, and what its run is bound to. */
export type RemoteRunRequest = StartRunRequest & Pick<RunOptions, "carryOut" | "mode" | "readiness">;

/** What can be asked of a server beside its sessions; who calls is what its token says. */
export interface RemoteAccess extends Omit<SessionAccess, "createSession" | "startRun"> {
  createSession(request: NewSession, context: CallContext): Promise<SessionInfo>;
  startRun(request: RemoteRunRequest, context: CallContext): Promise<StartedRun>;
  listPlans(sessionId: string, context: CallContext): Promise<readonly PlanInfo[]>;
  getPlan(
    request: { readonly sessionId: string; readonly path: string },
    context: CallContext,
  ): Promise<Plan>;
  checkReadiness(readiness: Readiness, context: CallContext): Promise<ReadinessVerdict>;
}

/** A server's sessions. */
export interface OpenServer extends AsyncDisposable {
  readonly runtime: RemoteAccess;
  readonly server: string;
}

/** Opens the server that the command line names. @throws TauError `cli.usage`, `config.*` */
export async function openServer(args: ParsedArgs, terminal: Terminal): Promise<OpenServer> {
  const server = await namedServer(args, terminal);
  if (server === undefined) throw usageError("No server is named: say --server URL.");
  return await connect(server);
}

async function connect(server: NamedServer): Promise<OpenServer> {
  const { createTauClient } = await import("@tau/client");
  const client = createTauClient(server);
  return {
    runtime: remoteSessions(client),
    server: server.baseUrl,
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

/** Opens the sessions that the command line, the environment or tau.toml name. @throws TauError `cli.usage`, `config.*` */
export async function openSessions(args: ParsedArgs, terminal: Terminal): Promise<OpenSessions> {
  const server = await namedServer(args, terminal);
  return server === undefined ? await openStoredSessions(terminal) : await connect(server);
}

/** Hands a prompt in and leaves the run to the server; known to have begun by its first event. */
async function startRun(
  client: TauClient,
  { runId = uuidv7(), ...request }: RemoteRunRequest,
  signal: AbortSignal,
): Promise<StartedRun> {
  for await (const one of client.run({ ...request, runId, detach: true, signal }))
    if (one.kind === "event") return { runId, fromSeq: one.seq };
  throw new TauError("client.unreachable", "The server ended the run's stream before the run began.", {
    class: "retryable",
  });
}

/** A client with the calls of a runtime; who calls is what its token says, not what a context does. */
function remoteSessions(client: TauClient): RemoteAccess {
  const options = ({ signal }: CallContext): { readonly signal: AbortSignal } => ({ signal });
  return {
    async *attach({ sessionId, fromSeq, untilRunEnds, untilRunWaits = false }, context) {
      // Asked first, because attaching tries for half a minute to reach a server that may only be restarting.
      await client.getSession(sessionId, options(context));
      const until = untilRunEnds === undefined ? {} : { untilRunEnds, untilWaiting: untilRunWaits };
      for await (const one of client.attach({ sessionId, fromSeq, ...until, ...options(context) }))
        yield [one];
    },
    getSession: async (sessionId, context) => await client.getSession(sessionId, options(context)),
    listSessions: async (request, context) => await client.listSessions(request, options(context)),
    respond: async (request, context) => await client.respond(request, options(context)),
    listGrants: async (context) => await client.listGrants(options(context)),
    revokeGrant: async (grantId, context) => await client.revokeGrant(grantId, options(context)),
    createSession: async (request, context) => await client.createSession(request, options(context)),
    cancelRun: async (request, context) => await client.cancelRun(request, options(context)),
    startRun: async (request, context) => await startRun(client, request, context.signal),
    listPlans: async (sessionId, context) => await client.listPlans(sessionId, options(context)),
    getPlan: async (request, context) => await client.getPlan(request, options(context)),
    checkReadiness: async (readiness, context) => await client.checkReadiness(readiness, options(context)),
  };
}
