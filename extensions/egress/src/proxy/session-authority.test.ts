import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { promisify } from "node:util";

import { describe, expect, it, onTestFinished } from "vitest";

import { writeCertificate } from "./certificate.ts";
import { createSessionAuthority } from "./session-authority.ts";

describe("createSessionAuthority()", () => {
  it("speaks for its hosts, and clients believe it", async () => {
    const authority = createSessionAuthority(["api.example", "git.example"]);
    const server = createServer(
      { SNICallback: (name, done) => done(null, authority.contextFor(name)) },
      (socket) => socket.end("ok"),
    );
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;

    for (const servername of ["api.example", "git.example"]) {
      const socket = connect({ port, host: "127.0.0.1", servername, ca: authority.certificate });
      await once(socket, "secureConnect");
      expect(socket.authorized).toBe(true);
      socket.destroy();
    }
    expect(() => authority.contextFor("evil.example")).toThrow(RangeError);
  });

  it("is an authority that Node can read", () => {
    const { certificate } = createSessionAuthority(["api.example"]);
    const parsed = new X509Certificate(certificate);
    expect(parsed.ca).toBe(true);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    const serials = Array.from({ length: 20 }, () => createSessionAuthority(["api.example"]).certificate).map(
      (each) => new X509Certificate(each).serialNumber,
    );
    expect(new Set(serials).size).toBe(20);
    expect(serials.filter((serial) => !/^[4-7]/u.test(serial))).toEqual([]); // others need another encoding
  });
});

describe("writeCertificate()", () => {
  it("constrains an authority: OpenSSL takes nothing else that it signs", async () => {
    const { generateKeyPairSync } = await import("node:crypto");
    const folder = await mkdtemp(join(tmpdir(), "tau-authority-"));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    const keys = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const issuer = { name: "authority", ...keys };
    const validity = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 60_000) };
    const authority = {
      subject: "authority",
      publicKey: keys.publicKey,
      issuer,
      permittedNames: ["api.example"],
      ...validity,
    };
    await writeFile(join(folder, "ca.pem"), writeCertificate(authority));
    const verdicts: string[] = [];

    for (const name of ["api.example", "evil.example", "xapi.example"]) {
      const own = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
      const certificate = { subject: name, publicKey: own.publicKey, issuer, names: [name], ...validity };
      await writeFile(join(folder, "leaf.pem"), writeCertificate(certificate));
      const run = promisify(execFile)(
        "openssl",
        ["verify", "-CAfile", "ca.pem", "-purpose", "sslserver", "leaf.pem"],
        { cwd: folder },
      );
      verdicts.push(
        await run.then(
          ({ stdout }) => stdout.trim(),
          (error: Error & { stderr?: string }) =>
            /lookup: (.*)/u.exec(error.stderr ?? "")?.[1] ?? error.message,
        ),
      );
    }

    expect(verdicts).toEqual(["leaf.pem: OK", "permitted subtree violation", "permitted subtree violation"]);
  });
});
