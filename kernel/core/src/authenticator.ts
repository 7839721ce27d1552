import type { Credential } from "./credential.ts";
import type { Principal } from "./principal.ts";

/** Who somebody turned out to be, and in whose house. */
export interface Identity {
  readonly tenant: string;
  readonly principal: Principal;
}

/**
 * Finds out who shows a credential.
 *
 * - Answers undefined for a credential that is unknown, wrong, expired or revoked, and does not say which.
 * - Throws when it cannot find out; whoever asked lets nobody in.
 * - Never keeps, logs or throws the secret.
 */
export interface Authenticator {
  authenticate(
    credential: Credential,
    signal: AbortSignal,
  ): Identity | undefined | Promise<Identity | undefined>;
}
