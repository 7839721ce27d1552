import { randomUUID } from "node:crypto";

import type { CallContext } from "@tau/core";
import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

import type { McpServer } from "./create-mcp-server.ts";
import { rightsKey } from "./http-caller.ts";
import { quietly } from "./serve-stdio.ts";
import type { ServerSdk } from "./server-sdk.ts";

/** Options of {@link createConnectedSessions}. */
export interface SessionsOptions {
  readonly server: McpServer;
  readonly sdk: ServerSdk;
  /** Sessions that are kept; the one that was quiet for longest makes room. */
  readonly maxSessions: number;
  /** Bytes. */
  readonly maxRequestBodySize: number;
}

/** Sessions of clients that speak 2025-11-25 over HTTP. */
export interface ConnectedSessions {
  /** Serves a request; one of a session that is not the caller's is answered like one of no session. */
  serve(request: Request, call: CallContext): Promise<Response>;
  close(): Promise<void>;
}

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Who began it, with which rights: calls are made with those. */
  readonly caller: string;
  close(): Promise<void>;
}

/** Makes {@link ConnectedSessions}. */
export function createConnectedSessions(options: SessionsOptions): ConnectedSessions {
  const { server, sdk, maxSessions, maxRequestBodySize } = options;
  // In the order of their last use.
  const sessions = new Map<string, Session>();

  /** Serves the request that is to begin a session; nothing is kept of one that begins none. */
  async function begin(request: Request, call: CallContext): Promise<Response> {
    let begun = false;
    let stop = (): void => undefined;
    const transport = new sdk.WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      maxRequestBodySize,
      onsessioninitialized: (id) => {
        begun = true;
        sessions.set(id, session);
        makeRoom();
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
        stop();
      },
    });
    const { server: connected, subscriptions } = server.open({
      sdk,
      callOf: ({ mcpReq }) => ({ ...call, signal: AbortSignal.any([call.signal, mcpReq.signal]) }),
    });
    stop = server.onChange({
      toolsChanged: () => quietly(connected.sendToolListChanged()),
      promptsChanged: () => quietly(connected.sendPromptListChanged()),
      resourcesChanged: () => quietly(connected.sendResourceListChanged()),
      resourceUpdated: (uri) => {
        if (subscriptions.has(uri)) quietly(connected.sendResourceUpdated({ uri }));
      },
    });
    const session: Session = {
      transport,
      caller: rightsKey(call),
      async close() {
        stop();
        await connected.close();
      },
    };
    await connected.connect(transport);
    try {
      return await transport.handleRequest(request);
    } finally {
      if (!begun) await session.close();
    }
  }

  function makeRoom(): void {
    for (const [id, session] of sessions) {
      if (sessions.size <= maxSessions) return;
      sessions.delete(id);
      quietly(session.close());
    }
  }

  return {
    async serve(request, call) {
      const id = request.headers.get("mcp-session-id");
      if (id === null) return await begin(request, call);
      const session = sessions.get(id);
      if (session === undefined || session.caller !== rightsKey(call)) return noSession();
      sessions.delete(id);
      sessions.set(id, session);
      return await session.transport.handleRequest(request);
    },
    async close() {
      const all = [...sessions.values()];
      sessions.clear();
      await Promise.all(all.map(async (session) => await session.close()));
    },
  };
}

/** By the specification a client begins a new session then. */
function noSession(): Response {
  const error = { code: -32_001, message: "There is no such session; begin a new one." };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
