import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

/**
 * Tells whether a request has an address, and it is one of the host that its headers name.
 *
 * To whoever resolves it, `//127.0.0.1/x` names another host than the one that was connected to: a page whose name was
 * rebound to this machine could so pass for the machine itself.
 */
export function hasOwnAddress(request: IncomingMessage | Http2ServerRequest): boolean {
  const authority = "authority" in request ? request.authority : request.headers.host;
  const base = `http://${authority ?? ""}`;
  const path = request.url ?? "";
  return URL.canParse(path, base) && new URL(path, base).host === new URL(base).host;
}
