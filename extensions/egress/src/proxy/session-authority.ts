import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";

import { writeCertificate } from "./certificate.ts";

/** A certificate authority of one session, for the hosts whose requests get credentials. Its key never leaves the process. */
export interface SessionAuthority {
  /** Its certificate in PEM: what a jail must trust. */
  readonly certificate: string;
  /** What the proxy shows as `host`, one of the authority's hosts. Throws `RangeError` for others. */
  contextFor(host: string): SecureContext;
}

const dayMs = 86_400_000;
const authorityName = "Tau session authority";

/** Makes an authority that can speak for `hosts` and no others: clients refuse whatever else it would sign. */
export function createSessionAuthority(hosts: readonly string[], now: number = Date.now()): SessionAuthority {
  const keys = newKeys();
  const validity = { notBefore: new Date(now - dayMs), notAfter: new Date(now + 30 * dayMs) };
  const issuer = { name: authorityName, ...keys };
  const certificate = writeCertificate({
    subject: authorityName,
    publicKey: keys.publicKey,
    issuer,
    permittedNames: hosts,
    ...validity,
  });
  const contexts = new Map<string, SecureContext>();
  return {
    certificate,
    contextFor(host) {
      if (!hosts.includes(host)) throw new RangeError(`The authority does not speak for ${host}.`);
      const known = contexts.get(host);
      if (known !== undefined) return known;
      const own = newKeys();
      const cert = writeCertificate({
        subject: host,
        publicKey: own.publicKey,
        issuer,
        names: [host],
        ...validity,
      });
      const key = own.privateKey.export({ type: "pkcs8", format: "pem" });
      const context = createSecureContext({ key, cert: cert + certificate, minVersion: "TLSv1.2" });
      contexts.set(host, context);
      return context;
    },
  };
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}
