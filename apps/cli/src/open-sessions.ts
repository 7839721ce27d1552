import type { TauClient } from "@tau/client";
import { TauError, uuidv7 } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Runtime, StartedRun, StartRunRequest } from "@tau/runtime";

import type { ParsedArgs } from "./command.ts";
import { namedServer } from "./named-server.ts";
import { openStoredSessions } from "./stored-sessions.ts";
import type { Terminal } from "./terminal.ts";

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

/** Opens the sessions that the command line, the environment or tau.toml name. @throws TauError `cli.usage`, `config.*` */
export async function openSessions(args: ParsedArgs, terminal: Terminal): Promise<OpenSessions> {
  const server = await namedServer(args, terminal);
  if (server === undefined) return await openStoredSessions(terminal);
  const { createTauClient } = await import("@tau/client");
  const client = createTauClient(server);
  return {
    runtime: remoteSessions(client),
    server: server.baseUrl,
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

/** Hands a prompt in and leaves the run to the server; known to have begun by its first event. */
async function startRun(
  client: TauClient,
  { runId = uuidv7(), ...request }: StartRunRequest,
  signal: AbortSignal,
): Promise<StartedRun> {
  for await (const one of client.run({ ...request, runId, detach: true, signal }))
    if (one.kind === "event") return { runId, fromSeq: one.seq };
  throw new TauError("client.unreachable", "The server ended the run's stream before the run began.", {
    class: "retryable",
  });
}

/** A client with the calls of a runtime; who calls is what its token says, not what a context does. */
function remoteSessions(client: TauClient): SessionAccess {
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
  };
}
