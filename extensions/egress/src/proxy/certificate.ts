/**
 * Writes X.509 certificates of the two shapes that the proxy needs (RFC 5280), signed with ECDSA P-256.
 *
 * Only writes, never reads: Node parses what is written here, and so do the clients. The packages that would do it bring
 * twenty others and a polyfill of globals along.
 */
import { createHash, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What a certificate says. */
export interface CertificateOptions {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: string; readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** Of an authority: the names that it may speak for, and those below them; it speaks for no address. */
  readonly permittedNames?: readonly string[];
  /** Of a server: its names. */
  readonly names?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const oid = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyId: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  nameConstraints: "551d1e",
  authorityKeyId: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

/** Writes and signs a certificate; returns it in PEM. */
export function writeCertificate(options: CertificateOptions): string {
  const { issuer, publicKey } = options;
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    algorithm,
    name(issuer.name),
    sequence(time(options.notBefore), time(options.notAfter)),
    name(options.subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions(options))),
  );
  const certificate = sequence(body, algorithm, bitString(sign("sha256", body, issuer.privateKey)));
  const lines = certificate.toString("base64").match(/.{1,64}/gu) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensions({
  permittedNames,
  names = [],
  publicKey,
  issuer,
}: CertificateOptions): readonly Buffer[] {
  const authority = permittedNames !== undefined;
  const usage = authority ? [1, 0x06] : [7, 0x80]; // signing certificates, or handshakes
  return [
    extension(
      oid.basicConstraints,
      true,
      sequence(...(authority ? [tagged(0x01, Buffer.from([0xff])), integer(Buffer.from([0]))] : [])),
    ),
    extension(oid.keyUsage, true, tagged(0x03, Buffer.from(usage))),
    extension(oid.subjectKeyId, false, octets(keyId(publicKey))),
    extension(oid.authorityKeyId, false, sequence(tagged(0x80, keyId(issuer.publicKey)))),
    ...(authority
      ? [extension(oid.nameConstraints, true, constraints(permittedNames))]
      : [
          extension(oid.extendedKeyUsage, false, sequence(objectId(oid.serverAuth))),
          extension(
            oid.subjectAltName,
            false,
            sequence(...names.map((each) => tagged(0x82, Buffer.from(each)))),
          ),
        ]),
  ];
}

function constraints(permitted: readonly string[]): Buffer {
  const everyAddress = [Buffer.alloc(8), Buffer.alloc(32)].map((range) => sequence(tagged(0x87, range)));
  return sequence(
    tagged(0xa0, ...permitted.map((each) => sequence(tagged(0x82, Buffer.from(each))))),
    tagged(0xa1, ...everyAddress),
  );
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [tagged(0x01, Buffer.from([0xff]))] : []), octets(value));
}

/** SHA-1 over the key, as RFC 5280 section 4.2.1.2 proposes; an identifier, not a protection. */
function keyId(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

function name(text: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId(oid.commonName), tagged(0x0c, Buffer.from(text)))));
}

function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/gu, "")));
}

/** Begins with neither zeros nor a sign, either of which would have to be written otherwise. */
function serialNumber(): Buffer {
  const [first = 0, ...rest] = randomBytes(16);
  return Buffer.from([0x40 | (first & 0x3f), ...rest]);
}

function integer(bytes: Buffer): Buffer {
  const [first = 0] = bytes;
  return tagged(0x02, first >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function octets(bytes: Buffer): Buffer {
  return tagged(0x04, bytes);
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return [0x80 + bytes.length, ...bytes];
}
