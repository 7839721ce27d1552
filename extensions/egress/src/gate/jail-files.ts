import { existsSync, readFileSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

import type { ShownFile } from "@tau/tools";

/** Where the certificates lie in the jail: /run is its own, so that there always is such a place. */
const bundlePath = "/run/tau/certificates.pem";

/** Where systems keep the certificates that they trust. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Variables that tell programs where certificates lie. */
const bundleVariables = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "AWS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "NIX_SSL_CERT_FILE",
];

/** What commands see of the gate. */
export interface JailFiles {
  readonly files: readonly ShownFile[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Writes what jailed programs find names and certificates by into `folder`. `certificate` is trusted beside the system's. */
export async function writeJailFiles(folder: string, certificate: string | undefined): Promise<JailFiles> {
  const resolver = join(folder, "resolv.conf");
  const hosts = join(folder, "hosts");
  await writeFile(resolver, "nameserver 127.0.0.1\nsearch .\noptions timeout:10 attempts:2\n");
  await writeFile(hosts, "127.0.0.1 localhost\n::1 localhost\n");
  const files = [...shownAt("/etc/resolv.conf", resolver), ...shownAt("/etc/hosts", hosts)];
  if (certificate === undefined) return { files, variables: {} };

  const bundle = join(folder, "certificates.pem");
  const system = systemBundles.find((path) => existsSync(path));
  const trusted = system === undefined ? rootCertificates.join("\n") : readFileSync(system, "utf8");
  await writeFile(bundle, `${trusted.trimEnd()}\n${certificate}`);
  return {
    files: [
      ...files,
      { path: bundlePath, source: bundle },
      ...(system === undefined ? [] : shownAt(system, bundle)),
    ],
    variables: Object.fromEntries(bundleVariables.map((name) => [name, bundlePath])),
  };
}

/** Where a file must be put to be found under `path`; nowhere when there is none, for then nothing can be put there. */
function shownAt(path: string, source: string): readonly ShownFile[] {
  try {
    return [{ path: realpathSync(path), source }];
  } catch {
    return [];
  }
}
