import { randomBytes } from "node:crypto";

import type { OAuthClientMetadata, OAuthClientProvider } from "@modelcontextprotocol/client";

import type { OAuthConfig } from "../config/server-config.ts";
import type { AuthorizationRecord } from "./stored-authorization.ts";

/** What this client says of itself to authorization servers. */
export interface OAuthClientIdentity {
  /** Where the browser comes back to: an https address, or one of this machine. */
  readonly redirectUrl: string;
  /** An https address with a document about this client, for authorization servers that take such ids. */
  readonly clientMetadataUrl?: string;
  /** Shown to the person there. Default `Tau`. */
  readonly clientName?: string;
}

/** An address that the person has to visit, and what its answer must bring back. */
export interface PendingRedirect {
  readonly url: URL;
  readonly state: string;
}

/** What the SDK needs to authorize, and the redirect that it wants, if it wants one. */
export interface RedirectingProvider extends OAuthClientProvider {
  takeRedirect(): PendingRedirect | undefined;
}

/** Options of {@link createOAuthProvider}. */
export interface OAuthProviderOptions {
  readonly record: AuthorizationRecord;
  readonly config: OAuthConfig;
  readonly clientSecret?: string;
  readonly identity?: OAuthClientIdentity;
}

/** Keeps one principal's authorization at one server, as the SDK wants it kept. */
export function createOAuthProvider(options: OAuthProviderOptions): RedirectingProvider {
  const { record, config, clientSecret, identity } = options;
  const isUnattended = config.grant === "client_credentials";
  const document = config.clientMetadataUrl ?? identity?.clientMetadataUrl;
  let verifier = "";
  let state = "";
  let redirect: PendingRedirect | undefined;
  const registered =
    config.clientId === undefined
      ? undefined
      : {
          client_id: config.clientId,
          ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
        };

  return {
    get redirectUrl() {
      return isUnattended ? undefined : identity?.redirectUrl;
    },
    ...(document === undefined ? {} : { clientMetadataUrl: document }),
    get clientMetadata() {
      return clientMetadata(options, isUnattended);
    },
    state() {
      state = randomBytes(32).toString("base64url");
      return state;
    },
    async clientInformation(context) {
      const { clients } = await record.read();
      if (registered !== undefined) {
        // The configured secret is for one authorization server, whatever the MCP server names later.
        const issuer =
          config.issuer ?? Object.values(clients).find((one) => one.client_id === config.clientId)?.issuer;
        if (issuer === undefined || issuer === context?.issuer)
          return issuer === undefined ? registered : { ...registered, issuer };
      }
      return context === undefined ? undefined : clients[context.issuer];
    },
    async saveClientInformation(information, context) {
      if (context === undefined) return;
      // The configured secret stays where it is configured; only whose it is gets remembered.
      const kept =
        information.client_id === config.clientId
          ? { client_id: information.client_id, issuer: context.issuer }
          : information;
      await record.change((now) => ({ ...now, clients: { ...now.clients, [context.issuer]: kept } }));
    },
    async tokens(context) {
      const { tokens } = await record.read();
      const isOfAnother =
        context !== undefined && tokens?.issuer !== undefined && tokens.issuer !== context.issuer;
      return isOfAnother ? undefined : tokens;
    },
    async saveTokens(tokens) {
      await record.change((now) => ({ ...now, tokens }));
    },
    redirectToAuthorization(url) {
      redirect = { url, state };
    },
    saveCodeVerifier(text) {
      verifier = text;
    },
    codeVerifier: () => verifier,
    async saveDiscoveryState(discovery) {
      await record.change((now) => ({ ...now, discovery }));
    },
    async discoveryState() {
      return (await record.read()).discovery;
    },
    async invalidateCredentials(scope) {
      await record.change(({ tokens, clients, discovery }) => ({
        clients: scope === "all" || scope === "client" ? {} : clients,
        ...(scope === "all" || scope === "tokens" || tokens === undefined ? {} : { tokens }),
        ...(scope === "all" || scope === "discovery" || discovery === undefined ? {} : { discovery }),
      }));
    },
    ...(isUnattended
      ? {
          prepareTokenRequest: (scope?: string) =>
            new URLSearchParams({
              grant_type: "client_credentials",
              ...(scope === undefined ? {} : { scope }),
            }),
        }
      : {}),
    takeRedirect() {
      const taken = redirect;
      redirect = undefined;
      return taken;
    },
  };
}

function clientMetadata(
  { config, identity, clientSecret }: OAuthProviderOptions,
  isUnattended: boolean,
): OAuthClientMetadata {
  const scope = config.scopes === undefined ? {} : { scope: config.scopes.join(" ") };
  const common = { client_name: identity?.clientName ?? "Tau", ...scope };
  if (isUnattended) return { ...common, redirect_uris: [], grant_types: ["client_credentials"] };
  return {
    ...common,
    redirect_uris: identity === undefined ? [] : [identity.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...(clientSecret === undefined && config.clientId !== undefined
      ? { token_endpoint_auth_method: "none" }
      : {}),
  };
}
