import { createServer } from "node:http";

import { TauError } from "@tau/core";
import type { AskAuthorization } from "@tau/mcp";

import { visible } from "../plain-text.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** Authorization servers want to know beforehand where browsers come back to. */
const port = 33_418;

/** Where browsers come back to after a login. */
export const redirectUrl: string = `http://127.0.0.1:${port}/callback`;

/** Shows the address of a login, and waits until a browser of this machine comes back from it. */
export function authorizeInBrowser(terminal: Terminal): AskAuthorization {
  return async ({ server, url }, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
    const asked = new URL(url).searchParams.get("state");
    const http = createServer((request, response) => {
      const back = URL.parse(request.url ?? "/", redirectUrl);
      if (request.method !== "GET" || back?.pathname !== "/callback") {
        response.writeHead(404).end();
        return;
      }
      const isAnswer = back.searchParams.get("state") === asked;
      response.writeHead(isAnswer ? 200 : 400, { "content-type": "text/plain; charset=utf-8" });
      // Any page can send a browser here; only the one that was asked knows the question.
      if (!isAnswer) {
        response.end("This is no answer to the login that Tau waits for.\n");
        return;
      }
      response.end("Tau has the answer. You can close this page.\n");
      resolve(back.searchParams);
    });
    http.on("error", (cause) => reject(cannotListen(cause)));
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    http.listen(port, "127.0.0.1", () => {
      writeLine(
        terminal,
        `The MCP server "${server}" wants you to log in. If you agree, open:\n  ${visible(url)}`,
      );
    });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      http.closeAllConnections();
      http.close();
    }
  };
}

function cannotListen(cause: unknown): TauError {
  return new TauError(
    "mcp.unauthorized",
    `Nobody can come back from a login: port ${port} of this machine is taken. Wait for the other login to end.`,
    { class: "auth", cause },
  );
}
