import { timingSafeEqual } from "node:crypto";

import type { AuthOptions, AuthProvider, OAuthTokens } from "@modelcontextprotocol/client";
import { isTauError, TauError } from "@tau/core";
import type { CallContext } from "@tau/core";

import { isSafeToOpen } from "../client/answer-server.ts";
import type { McpFetch } from "../client/mcp-fetch.ts";
import { loadSdk } from "../client/sdk.ts";
import type { OAuthConfig } from "../config/server-config.ts";
import type { McpCredentialStore } from "./credential-store.ts";
import { createOAuthProvider } from "./oauth-provider.ts";
import type { OAuthClientIdentity } from "./oauth-provider.ts";
import { createAuthorizationRecord } from "./stored-authorization.ts";

/**
 * Has the person authorize: shows the address, opens it once the person agrees, and answers the parameters with which
 * the browser came back to the redirect address. Rejects promptly when the signal aborts.
 */
export type AskAuthorization = (
  request: { readonly server: string; readonly url: string },
  context: { readonly call: CallContext; readonly signal: AbortSignal },
) => Promise<URLSearchParams>;

/** How to authorize at servers that ask for it. */
export interface OAuthOptions extends OAuthClientIdentity {
  readonly credentials: McpCredentialStore;
  /** Absent where nobody can be asked: then only what was authorized before is used. */
  readonly authorize?: AskAuthorization;
}

/** One principal's way into one server. */
export interface Authorization {
  readonly authProvider: AuthProvider;
  /** After a failure: has the person authorize, when that is what it takes. Tells whether to try again. */
  recover(error: unknown, signal: AbortSignal): Promise<boolean>;
}

/** Options of {@link createAuthorization}. */
export interface AuthorizationOptions {
  readonly server: string;
  readonly url: string;
  readonly call: CallContext;
  readonly config: OAuthConfig;
  readonly clientSecret?: string;
  readonly oauth: OAuthOptions;
  readonly fetch: McpFetch;
  /** Aborts when nobody needs the server any more. */
  readonly signal: AbortSignal;
}

/**
 * Makes an {@link Authorization}. Tokens are refreshed without asking; whatever needs the person is done between
 * calls, so that no timeout of a request runs while somebody logs in.
 */
export async function createAuthorization(options: AuthorizationOptions): Promise<Authorization> {
  const { server, url, call, config, clientSecret, oauth, fetch, signal: life } = options;
  const { auth, computeScopeUnion, UnauthorizedError, InsufficientScopeError } = await loadSdk();
  const run = async (more: Omit<AuthOptions, "serverUrl">): Promise<boolean> => {
    try {
      return (await auth(provider, { serverUrl: url, fetchFn: fetch, ...more })) === "AUTHORIZED";
    } catch (cause) {
      // A network that fails says nothing of the authorization; everything else does.
      if (isTauError(cause) || cause instanceof TypeError || cause instanceof UnauthorizedError) throw cause;
      throw failed(server, "something does not fit", cause);
    }
  };
  const key = { tenant: call.tenant, principal: call.principal.id, resource: url };
  const record = createAuthorizationRecord(oauth.credentials, key, life);
  const provider = createOAuthProvider({
    record,
    config,
    identity: oauth,
    ...(clientSecret === undefined ? {} : { clientSecret }),
  });
  let shown: string | undefined;
  let refreshing: Promise<void> = Promise.resolve();

  const current = async (): Promise<OAuthTokens | undefined> => (await record.read()).tokens;

  /** Two requests that fail together must not spend the same refresh token twice. */
  const refresh = async (response: Response): Promise<void> => {
    const tried = shown;
    const before = refreshing;
    const mine = (async () => {
      await before.catch(() => undefined);
      const now = (await current())?.access_token;
      if (now !== undefined && now !== tried) return;
      const { extractWWWAuthenticateParams } = await loadSdk();
      const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
      // Where to authorize may have moved; the old place must not be asked for the new one's sake.
      await provider.invalidateCredentials?.("discovery");
      const isAuthorized = await run({
        ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
        ...(scope === undefined ? {} : { scope }),
      });
      if (!isAuthorized) throw new UnauthorizedError();
    })();
    refreshing = mine;
    await mine;
  };

  /** Sends the person to the address that the SDK wants visited, and checks what comes back. */
  const complete = async (signal: AbortSignal): Promise<boolean> => {
    const redirect = provider.takeRedirect();
    if (redirect === undefined || oauth.authorize === undefined) return false;
    if (!isSafeToOpen(redirect.url.href))
      throw failed(server, "its authorization server has no address to open");
    const back = await oauth.authorize({ server, url: redirect.url.href }, { call, signal });
    if (!isSame(back.get("state") ?? "", redirect.state))
      throw failed(server, "the answer was for another question");
    const code = back.get("code");
    if (code === null) return false;
    const iss = back.get("iss");
    return await run({ authorizationCode: code, ...(iss === null ? {} : { iss }) });
  };

  return {
    authProvider: {
      async token() {
        shown = (await current())?.access_token;
        return shown;
      },
      onUnauthorized: async ({ response }) => await refresh(response),
    },
    async recover(error, signal) {
      if (error instanceof InsufficientScopeError) {
        const granted = (await current())?.scope;
        const scope = computeScopeUnion(granted, error.requiredScope);
        await run({ forceReauthorization: true, ...(scope === undefined ? {} : { scope }) });
        return await complete(signal);
      }
      return await complete(signal);
    },
  };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return b !== "" && left.length === right.length && timingSafeEqual(left, right);
}

function failed(server: string, why: string, cause?: unknown): TauError {
  return new TauError(
    "mcp.authorization_failed",
    `The MCP server "${server}" could not be authorized at: ${why}. Nothing was sent on.`,
    { class: "auth", cause },
  );
}
