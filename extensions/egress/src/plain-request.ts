import type { RequestInit as UndiciInit } from "undici";

/** What a request says, in values that every implementation of `fetch` takes. */
export type PlainRequest = Pick<UndiciInit, "method" | "headers" | "body" | "redirect" | "duplex"> & {
  readonly signal: AbortSignal;
};

/** The host header is ours to write, since another one would reach another site; the others belong to the connection. */
const ours: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Takes the arguments of `fetch` apart. This process's own classes (`Request`, `FormData`) are not those of the client
 * that sends them, which would take them for text.
 */
export async function toPlainRequest(
  input: string | URL | Request,
  init: RequestInit,
): Promise<PlainRequest> {
  // Only the platform knows every kind of body and the headers that come with it.
  const request = new Request(input, {
    ...init,
    ...(init.body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  const headers = [...request.headers].filter(([name]) => !ours.has(name));
  const plain = { method: request.method, headers, redirect: request.redirect, signal: request.signal };
  if (request.body === null) return plain;
  if (init.body instanceof ReadableStream) return { ...plain, body: request.body, duplex: "half" };
  // Bytes can be sent again when a redirect asks for it; a stream cannot.
  return { ...plain, body: new Uint8Array(await request.arrayBuffer()) };
}
