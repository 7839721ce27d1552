/** The server half of the SDK. */
export type ServerSdk = typeof import("@modelcontextprotocol/server");

/** Loads it when something is served: most processes serve nothing. */
export async function loadServerSdk(): Promise<ServerSdk> {
  return await import("@modelcontextprotocol/server");
}
