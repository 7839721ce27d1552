import { egressError } from "../egress-error.ts";
import type { HeldCredential, SecretSource } from "./credentials.ts";

/** A header as it was written. */
export type Header = readonly [name: string, value: string];

/** A text that must not come back, and what is shown in its place. */
export interface Disguise {
  readonly secret: string;
  readonly placeholder: string;
}

/** Headers with the secrets in them. */
export interface WithCredentials {
  readonly headers: readonly Header[];
  /** Names of the credentials that were put in. */
  readonly used: readonly string[];
  readonly disguises: readonly Disguise[];
}

/** Puts secrets in the place of their placeholders, also inside of basic authentication. Throws what the source throws. */
export async function putCredentials(
  headers: readonly Header[],
  held: readonly HeldCredential[],
  secrets: SecretSource,
  signal: AbortSignal,
): Promise<WithCredentials> {
  const text = headers.map(([, value]) => `${value}\n${plainBasic(value) ?? ""}`).join("\n");
  const used = held.filter(({ placeholder }) => text.includes(placeholder));
  const disguises: Disguise[] = [];
  for (const credential of used) {
    const secret = await secrets.read(credential.secret, signal);
    if (secret === "" || /[\r\n\0]/u.test(secret)) {
      throw egressError("egress.failed", `The credential ${credential.name} is empty or has several lines.`);
    }
    disguises.push({ secret, placeholder: credential.placeholder });
  }
  const real = (value: string): string =>
    disguises.reduce((sum, { secret, placeholder }) => sum.replaceAll(placeholder, () => secret), value);
  const basics: Disguise[] = [];
  const put = headers.map(([name, value]): Header => {
    const plain = plainBasic(value);
    if (plain === undefined || real(plain) === plain) return [name, real(value)];
    const encoded = Buffer.from(real(plain)).toString("base64");
    basics.push({ secret: encoded, placeholder: value.slice(value.indexOf(" ") + 1) });
    return [name, `Basic ${encoded}`];
  });
  return { headers: put, used: used.map(({ name }) => name), disguises: [...disguises, ...basics] };
}

/** What basic authentication (RFC 7617) says; undefined for other headers. */
export function plainBasic(value: string): string | undefined {
  const { token } = /^basic\s+(?<token>[A-Za-z0-9+/]+=*)$/iu.exec(value)?.groups ?? {};
  return token === undefined ? undefined : Buffer.from(token, "base64").toString("utf8");
}
