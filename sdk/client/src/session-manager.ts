import type { Http2Session } from "node:http2";

import { Http2SessionManager } from "@connectrpc/connect-node";

/**
 * Makes what opens and keeps the HTTP/2 connection to a server.
 *
 * A connection that breaks tells so twice, and the second time connect-node has stopped listening: an error that nobody
 * listens to would end the process. What the first one said is what the call failed with.
 */
export function createSessionManager(baseUrl: string): Http2SessionManager {
  // A ping every 15 seconds finds a connection that died without a word, also when no event comes for hours.
  const manager = new Http2SessionManager(baseUrl, { pingIntervalMs: 15_000 });
  const known = new WeakSet<Http2Session>();
  const request = manager.request.bind(manager);
  manager.request = async (...args) => {
    const stream = await request(...args);
    const { session } = stream;
    if (session !== undefined && !known.has(session)) {
      known.add(session);
      session.on("error", () => undefined);
    }
    return stream;
  };
  return manager;
}
