import { createHash, timingSafeEqual } from "node:crypto";

import type { Principal } from "@tau/core";
import { assertTenant, TauError } from "@tau/core";

/** Who calls, and for whom. */
export interface Identity {
  readonly tenant: string;
  readonly principal: Principal;
}

/** Tells who calls from the headers of a call, or why nobody does (class `auth`). */
export type Authenticator = (headers: Headers) => Identity | TauError | Promise<Identity | TauError>;

/** Takes every caller for `identity`: only for a server that nobody but this machine can reach. */
export function createLocalAuthenticator(identity: Identity): Authenticator {
  assertTenant(identity.tenant);
  return () => identity;
}

/** A token and whom it stands for. */
export interface BearerToken extends Identity {
  readonly token: string;
}

/**
 * Knows callers by `authorization: Bearer <token>`.
 *
 * Compares digests, all of them, in constant time: neither a token's text nor its length nor its place
 * in the table can be learned from the time of an answer.
 */
export function createBearerAuthenticator(tokens: readonly BearerToken[]): Authenticator {
  const table = tokens.map(({ token, tenant, principal }) => {
    assertTenant(tenant);
    return { digest: digestOf(token), identity: { tenant, principal } };
  });

  return (headers) => {
    const given = /^bearer +([^\s]+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (given === undefined) return unauthenticated("carries no bearer token");
    const digest = digestOf(given);
    let identity: Identity | undefined;
    for (const entry of table) if (timingSafeEqual(entry.digest, digest)) identity = entry.identity;
    return identity ?? unauthenticated("carries a token that this server does not know");
  };
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function unauthenticated(what: string): TauError {
  return new TauError(
    "server.unauthenticated",
    `The call ${what}; send the header "authorization: Bearer <token>" with the token of this server.`,
    { class: "auth" },
  );
}
