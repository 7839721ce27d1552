import { TauError } from "@tau/core";

/**
 * How requests leave: the global `fetch` fits. Everything that this package asks of the network goes through it,
 * authorization included, so that one place decides which addresses may be reached.
 */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Bytes that one message of a server may have. */
export const maxMessageBytes = 16_000_000;

/** Options of {@link guardedFetch}. */
export interface GuardedFetchOptions {
  readonly fetch: McpFetch;
  /** The server's address. */
  readonly url: string;
  /** Sent to the server's origin only. */
  readonly headers: Readonly<Record<string, string>>;
  /** The authorization server that the configuration names, if it names one. */
  readonly issuer?: string;
}

/**
 * Adds the server's own headers to what goes to the server's origin and to nothing else (authorization servers are
 * named by the server, and would get them, too), and ends an answer whose message grows without end.
 *
 * What a server elsewhere names is asked over https only: plain addresses are those of this machine, where other servers are.
 *
 * The `fetch` that it answers throws `mcp.authorization_failed`, `mcp.too_large`.
 */
export function guardedFetch({ fetch, url, headers, issuer }: GuardedFetchOptions): McpFetch {
  const { origin, protocol } = new URL(url);
  return async (target, init = {}) => {
    const asked = new URL(target);
    const isServer = asked.origin === origin;
    const isOwn = isServer || (issuer !== undefined && asked.origin === new URL(issuer).origin);
    if (!isOwn && protocol === "https:" && asked.protocol !== "https:") throw notSecure();
    const all = new Headers(init.headers);
    if (isServer) for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const response = await fetch(target, { ...init, headers: all });
    if (response.body === null) return response;
    const { status, statusText } = response;
    const isStream = /^\s*text\/event-stream\s*(?:;|$)/iu.test(response.headers.get("content-type") ?? "");
    const body = response.body.pipeThrough(messageLimit(isStream));
    const limited = new Response(body, { status, statusText, headers: response.headers });
    // Redirects are judged by where an answer came from, which a response that is made here does not know.
    Object.defineProperty(limited, "url", { value: response.url });
    return limited;
  };
}

const lineFeed = 10;

/** Counts the bytes of one event of a stream, which ends with an empty line; elsewhere an empty line is a part of the message. */
function messageLimit(isStream: boolean): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  let wasLineFeed = false;
  return new TransformStream({
    transform(chunk, controller) {
      if (!isStream) bytes += chunk.length;
      for (const byte of isStream ? chunk : []) {
        bytes += 1;
        if (byte === lineFeed && wasLineFeed) bytes = 0;
        // Events may end their lines with \r\n.
        if (byte !== 13) wasLineFeed = byte === lineFeed;
      }
      if (bytes > maxMessageBytes) throw tooLarge();
      controller.enqueue(chunk);
    },
  });
}

function notSecure(): TauError {
  return new TauError(
    "mcp.authorization_failed",
    "The MCP server names an address without https for its authorization. Nothing was sent there.",
    { class: "auth" },
  );
}

/** The error for a message beyond {@link maxMessageBytes}. */
export function tooLarge(): TauError {
  return new TauError(
    "mcp.too_large",
    `The MCP server sent a message of more than ${maxMessageBytes / 1_000_000} MB: ask for less at once.`,
  );
}
