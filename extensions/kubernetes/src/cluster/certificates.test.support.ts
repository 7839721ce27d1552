import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** An authority, a server for 127.0.0.1 and a client, all new. */
export interface Certificates {
  readonly authority: string;
  readonly server: Identity;
  readonly client: Identity;
}

let kept: Certificates | undefined;

/** Makes certificates by openssl, once in this process. */
export function makeCertificates(): Certificates {
  kept ??= make();
  return kept;
}

function make(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "tau-certificates-"));
  const at = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(at(name), "utf8");
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { stdio: "ignore" });
  };
  try {
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-subj",
      "/CN=test-authority",
      "-days",
      "2",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.crt"),
    );
    writeFileSync(at("server.ext"), "subjectAltName=IP:127.0.0.1,DNS:cluster.test\n");
    writeFileSync(at("client.ext"), "extendedKeyUsage=clientAuth\n");
    for (const name of ["server", "client"]) {
      openssl(
        "req",
        ...newKey,
        "-subj",
        `/CN=${name}`,
        "-keyout",
        at(`${name}.key`),
        "-out",
        at(`${name}.csr`),
      );
      const signing = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
      openssl(
        "x509",
        "-req",
        "-in",
        at(`${name}.csr`),
        ...signing,
        "-extfile",
        at(`${name}.ext`),
        "-out",
        at(`${name}.crt`),
      );
    }
    return {
      authority: read("ca.crt"),
      server: { certificate: read("server.crt"), key: read("server.key") },
      client: { certificate: read("client.crt"), key: read("client.key") },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
