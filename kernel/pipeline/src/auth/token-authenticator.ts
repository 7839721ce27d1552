import { hash } from "node:crypto";

import type { Authenticator, Identity } from "@tau/core";

/** A token that lets somebody in. */
export interface KnownToken extends Identity {
  /** SHA-256 of the token, 64 hexadecimal digits: the configuration holds no secret. */
  readonly sha256: string;
}

/**
 * Makes an {@link Authenticator} out of a fixed list of tokens, whatever scheme they come with. Tokens must be
 * random: the hash of a password is guessed fast.
 */
export function createTokenAuthenticator(tokens: readonly KnownToken[]): Authenticator {
  const bySha256 = new Map(tokens.map((token) => [token.sha256.toLowerCase(), token]));

  return {
    authenticate({ reveal }) {
      // Looked up by its hash: how long that takes tells nothing about a token.
      const known = bySha256.get(hash("sha256", reveal(), "hex"));
      return known === undefined ? undefined : { tenant: known.tenant, principal: known.principal };
    },
  };
}
