import { randomBytes } from "node:crypto";
import { isIP } from "node:net";

import { egressError } from "../egress-error.ts";
import { describeTarget, parseTarget } from "../target.ts";
import type { Target } from "../target.ts";

/** A secret that is put into requests to one host, on their way out. */
export interface EgressCredential {
  /** For the audit and for messages, such as `github`. */
  readonly name: string;
  /** The one host that gets it, `api.github.com` or `git.example.org:8443`; no wildcard, no address. */
  readonly host: string;
  /** The variable that holds the placeholder in the jail, such as `GITHUB_TOKEN`. */
  readonly variable: string;
  /** What the {@link SecretSource} knows the secret by, such as `env:GITHUB_TOKEN`. Never the secret itself. */
  readonly secret: string;
  /** Also send it unencrypted, to port 80 or the host's own. Default false. */
  readonly plainHttp?: boolean;
}

/** Finds secrets by reference. Asked for each request, so that a changed secret counts at once. */
export interface SecretSource {
  read(reference: string, signal: AbortSignal): Promise<string>;
}

/** The credentials of a session, and the placeholders that stand for them. */
export interface Credentials {
  /** Hosts that get one. */
  readonly hosts: readonly string[];
  /** Variables for the jail: placeholders. */
  readonly variables: Readonly<Record<string, string>>;
  /** Those of a target; `secure` tells whether the connection is encrypted. */
  of(target: Target, secure: boolean): readonly HeldCredential[];
  /** Names of the credentials whose placeholders are in a text. */
  namedIn(text: string): readonly string[];
}

/** A credential with its placeholder. */
export interface HeldCredential extends EgressCredential {
  readonly placeholder: string;
}

interface Placed extends HeldCredential {
  readonly target: Target;
  /** Whether the host was written with a port. */
  readonly ported: boolean;
}

/** Gives every credential a random placeholder. @throws TauError `egress.invalid_rule` */
export function createCredentials(list: readonly EgressCredential[]): Credentials {
  const held = list.map((credential) => place(credential));
  return {
    hosts: [...new Set(held.map(({ target }) => target.host))],
    variables: Object.fromEntries(held.map(({ variable, placeholder }) => [variable, placeholder])),
    of: (target, secure) => held.filter((credential) => belongsTo(credential, target, secure)),
    namedIn: (text) => held.filter(({ placeholder }) => text.includes(placeholder)).map(({ name }) => name),
  };
}

function place(credential: EgressCredential): Placed {
  const target = credential.host.includes("*") ? undefined : parseTarget(credential.host, 443);
  if (target === undefined || isIP(target.host) !== 0) {
    throw egressError(
      "egress.invalid_rule",
      `The credential ${credential.name} names the host "${credential.host}". Name the one host that gets it, such as api.example.org.`,
    );
  }
  if (!/^[A-Za-z_]\w*$/u.test(credential.variable)) {
    throw egressError("egress.invalid_rule", `The credential ${credential.name} has no valid variable.`);
  }
  const placeholder = `tau-placeholder-${randomBytes(16).toString("hex")}`;
  return { ...credential, placeholder, target, ported: /:\d+$/u.test(credential.host) };
}

function belongsTo({ target, ported, plainHttp = false }: Placed, to: Target, secure: boolean): boolean {
  if (target.host !== to.host || !(secure || plainHttp)) return false;
  return ported ? target.port === to.port : to.port === (secure ? 443 : 80);
}

/** Why a request with a placeholder is not for its target. */
export function foreignPlaceholder(names: readonly string[], target: Target): string {
  return `the request to ${describeTarget(target)} holds the placeholder of ${names.join(", ")}, which belongs to another host`;
}
