/** Whose authorization, and for which server: nobody else's tokens are ever used, and none at another address. */
export interface McpCredentialKey {
  readonly tenant: string;
  readonly principal: string;
  /** The server's address, so that a name that moves takes no tokens along. */
  readonly resource: string;
}

/**
 * Keeps what authorizations at MCP servers left: tokens and registrations, as one text each. All of it is secret.
 *
 * Contract, checked by `describeMcpCredentialStore()` from `@tau/mcp/testing`:
 * - `load` answers what `save` was given last for exactly this key, or undefined.
 * - `save` is atomic: a reader sees the old text or the new one.
 * - Removing what is not there is no error. Nothing of a text is in an error.
 */
export interface McpCredentialStore {
  load(key: McpCredentialKey, signal: AbortSignal): Promise<string | undefined>;
  save(key: McpCredentialKey, secret: string, signal: AbortSignal): Promise<void>;
  remove(key: McpCredentialKey, signal: AbortSignal): Promise<void>;
}

/** Makes a {@link McpCredentialStore} that forgets everything when the process ends. */
export function createMemoryCredentialStore(): McpCredentialStore {
  const secrets = new Map<string, string>();
  const textOf = ({ tenant, principal, resource }: McpCredentialKey): string =>
    JSON.stringify([tenant, principal, resource]);
  return {
    async load(key, signal) {
      signal.throwIfAborted();
      return await Promise.resolve(secrets.get(textOf(key)));
    },
    async save(key, secret, signal) {
      signal.throwIfAborted();
      await Promise.resolve(secrets.set(textOf(key), secret));
    },
    async remove(key, signal) {
      signal.throwIfAborted();
      await Promise.resolve(secrets.delete(textOf(key)));
    },
  };
}
