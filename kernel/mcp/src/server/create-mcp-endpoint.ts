import type { CallContext } from "@tau/core";

import { createConnectedSessions } from "./connected-sessions.ts";
import type { McpServer } from "./create-mcp-server.ts";
import type { FindCaller } from "./http-caller.ts";
import { loadServerSdk } from "./server-sdk.ts";

/** Options of {@link createMcpEndpoint}. */
export interface McpEndpointOptions {
  readonly findCaller: FindCaller;
  /** Names by which the endpoint may be reached, without ports: `Host` must be one of them, and `Origin`, if there is one, the same. */
  readonly hosts: readonly string[];
  /** Sessions of clients that hold one. Default 1,000. */
  readonly maxSessions?: number;
  /** Bytes that the body of a request may have; a longer one is answered with 413, unread. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Where clients learn how to get a token (RFC 9728), named to those who show none. */
  readonly resourceMetadata?: URL;
  readonly onError?: (error: unknown) => void;
}

/** Serves an MCP server over HTTP. Disposing it ends every session. */
export interface McpEndpoint extends AsyncDisposable {
  fetch(request: Request): Promise<Response>;
}

/**
 * Makes the Streamable HTTP endpoint of a server, for revision 2026-07-28 and, with sessions, for 2025-11-25.
 *
 * A request from a page of another site, or to a name that is not the endpoint's (DNS rebinding), is refused before anything
 * is read; then one whose caller is not known. A session belongs to the caller who began it.
 */
export async function createMcpEndpoint(
  server: McpServer,
  options: McpEndpointOptions,
): Promise<McpEndpoint> {
  const { findCaller, maxSessions = 1_000, maxBodyBytes: maxRequestBodySize = 4_194_304, onError } = options;
  const hosts = [...options.hosts];
  const sdk = await loadServerSdk();
  const calls = new WeakMap<Request, CallContext>();
  const modern = sdk.createMcpHandler(
    ({ requestInfo }) => {
      const call = requestInfo === undefined ? undefined : calls.get(requestInfo);
      if (call === undefined) throw new TypeError("A request reached the server without its caller.");
      return server.open({
        sdk,
        callOf: ({ mcpReq }) => ({ ...call, signal: AbortSignal.any([call.signal, mcpReq.signal]) }),
      }).server;
    },
    { legacy: "reject", maxRequestBodySize, ...(onError === undefined ? {} : { onerror: onError }) },
  );
  const stop = server.onChange(modern.notify);
  const sessions = createConnectedSessions({ server, sdk, maxSessions, maxRequestBodySize });
  return {
    async fetch(request) {
      const refused =
        sdk.hostHeaderValidationResponse(request, hosts) ??
        sdk.originValidationResponse(request, hosts) ??
        refusePageOfAnother(request);
      if (refused !== undefined) return refused;
      const call = await findCaller(request);
      if (call === undefined) return unauthorized(options.resourceMetadata);
      calls.set(request, call);
      return (await sdk.isLegacyRequest(request, undefined, { maxRequestBodySize }))
        ? await sessions.serve(request, call)
        : await modern.fetch(request);
    },
    async [Symbol.asyncDispose]() {
      stop();
      await sessions.close();
      await modern.close();
    },
  };
}

/** A page of another port is another's: whatever else serves pages on this machine calls no tools. */
function refusePageOfAnother({ headers }: Request): Response | undefined {
  const origin = headers.get("origin");
  if (origin === null || (URL.canParse(origin) && isSameHost(new URL(origin), headers.get("host") ?? "")))
    return undefined;
  return Response.json(
    { error: "forbidden", error_description: "The page comes from another port than this server." },
    { status: 403 },
  );
}

function isSameHost({ protocol, host }: URL, asked: string): boolean {
  return URL.parse(`${protocol}//${asked}`)?.host === host;
}

function unauthorized(resourceMetadata: URL | undefined): Response {
  const where = resourceMetadata === undefined ? "" : ` resource_metadata="${resourceMetadata.href}"`;
  return Response.json(
    { error: "unauthorized", error_description: "Show a token of this server: Authorization: Bearer …" },
    { status: 401, headers: { "www-authenticate": `Bearer${where}` } },
  );
}
