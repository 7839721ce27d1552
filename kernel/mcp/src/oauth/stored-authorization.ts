import type {
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { isJsonObject, parseJson } from "@tau/core";

import type { McpCredentialKey, McpCredentialStore } from "./credential-store.ts";

/** What an authorization leaves, as it is kept. */
interface StoredAuthorization {
  readonly tokens?: StoredOAuthTokens;
  /** By issuer: an id of one authorization server is nobody's at another. */
  readonly clients: Readonly<Record<string, StoredOAuthClientInformation>>;
  readonly discovery?: OAuthDiscoveryState;
}

/** One principal's authorization at one server. */
export interface AuthorizationRecord {
  read(): Promise<StoredAuthorization>;
  /** Puts these in the place of what is there; undefined removes. Changes wait for each other. */
  change(to: (now: StoredAuthorization) => StoredAuthorization): Promise<void>;
}

/** Keeps an authorization in a store. What cannot be read counts as none. */
export function createAuthorizationRecord(
  store: McpCredentialStore,
  key: McpCredentialKey,
  signal: AbortSignal,
): AuthorizationRecord {
  let last: Promise<void> = Promise.resolve();
  const read = async (): Promise<StoredAuthorization> => {
    const parsed = parseJson((await store.load(key, signal)) ?? "{}");
    if (!parsed.ok || !isJsonObject(parsed.value)) return { clients: {} };
    // Only this module writes it.
    const stored: Partial<StoredAuthorization> = JSON.parse(JSON.stringify(parsed.value));
    return { clients: {}, ...stored };
  };
  return {
    read,
    async change(to) {
      const before = last;
      const mine = (async () => {
        await before.catch(() => undefined);
        await store.save(key, JSON.stringify(to(await read())), signal);
      })();
      last = mine;
      await mine;
    },
  };
}
