/** The SDK, once something is asked of a server: it takes 0.2 s of CPU to load, and most processes never need it. */
export async function loadSdk(): Promise<typeof import("@modelcontextprotocol/client")> {
  return await import("@modelcontextprotocol/client");
}
