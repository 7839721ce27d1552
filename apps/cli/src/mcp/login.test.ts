import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import type { JsonObject } from "@tau/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import type { Place, Running } from "../cli.test.support.ts";
import { startGuarded } from "./login.test.support.ts";
import type { GuardedServer } from "./login.test.support.ts";

async function placeWith({ url }: GuardedServer): Promise<Place> {
  const place = await createPlace();
  expect((await place.tau(["mcp", "add", "guarded", "--url", url])).code).toBe(0);
  return place;
}

/** The same, where the configuration names a document about this client. */
async function placeWithDocument({ url }: GuardedServer, document: ClientDocument): Promise<Place> {
  const place = await createPlace();
  const section = `[mcp.servers.guarded]\nurl = "${url}"\noauth = { client_metadata_url = "${document.url}" }\n`;
  await place.write("tau.toml", section);
  expect((await place.tau(["trust", "--yes"])).code).toBe(0);
  return place;
}

/** The address that the person is asked to open. */
async function addressIn(running: Running): Promise<URL> {
  await running.until("If you agree, open:");
  // The address is a line of its own.
  await running.until("  http");
  await running.until("\n");
  const [, address = ""] = /open:\s+(http\S+)/u.exec(running.output()) ?? [];
  return new URL(address);
}

/** What a browser does: goes where it is sent, until a page comes. */
async function browse(address: string): Promise<{ readonly page: string; readonly status: number }> {
  let next = address;
  for (;;) {
    const response = await fetch(next, { redirect: "manual" });
    const location = response.headers.get("location");
    if (location === null) return { page: await response.text(), status: response.status };
    next = new URL(location, next).href;
  }
}

interface ClientDocument {
  readonly url: string;
  /** Reads it as an authorization server does that trusts its certificate. */
  read(address: string): Promise<JsonObject>;
}

/** A document about this client at an https address of this machine; `clientId` is what it says it is about. */
async function startDocument(clientId?: string): Promise<ClientDocument> {
  const folder = await mkdtemp(join(tmpdir(), "tau-client-document-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, "-keyout", key, "-out", cert],
    {
      stdio: "ignore",
    },
  );
  const ca = await readFile(cert);
  const server = createServer({ key: await readFile(key), cert: ca }, (_, response) => {
    const redirectUris = ["http://127.0.0.1:33418/callback"];
    const body = { client_id: clientId ?? url, client_name: "Tau", redirect_uris: redirectUris };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}/client.json`;
  return {
    url,
    async read(where) {
      const [response] = await once(get(where, { ca, agent: false }), "response");
      const said: JsonObject = JSON.parse(await text(response));
      return said;
    },
  };
}

describe("a login in the browser", () => {
  test("finds the authorization server, registers, proves itself, and keeps tokens where only their owner reads", async () => {
    const server = await startGuarded();
    await using place = await placeWith(server);
    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);
    const address = await addressIn(approving);

    expect(address.origin + address.pathname).toBe(`${server.origin}/authorize`);
    const asked = Object.fromEntries(address.searchParams);
    expect(asked).toMatchObject({
      response_type: "code",
      code_challenge_method: "S256",
      resource: server.url,
      redirect_uri: "http://127.0.0.1:33418/callback",
    });
    expect(asked["state"]?.length).toBeGreaterThanOrEqual(43);
    // Somebody else's page sends the browser there first: no answer to this login, which goes on.
    const forged = `http://127.0.0.1:33418/callback?code=stolen&state=guessed`;
    expect((await browse(forged)).status).toBe(400);
    const { page } = await browse(address.href);
    expect(page).toContain("Tau has the answer. You can close this page.");
    const { code, stdout } = await approving.ended;

    expect(stdout).toContain("tool look: new");
    expect(code).toBe(0);
    expect(server.asked.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/register",
        "/authorize",
        "/token",
      ]),
    );
    const redeemed = server.asked.filter(({ path }) => path === "/token");
    expect(redeemed.map(({ said }) => [said["grant_type"], said["resource"]])).toEqual([
      ["authorization_code", server.url],
    ]);
    expect(JSON.stringify(redeemed)).not.toContain("stolen");
    await expectPrivate(join(place.env["TAU_HOME"] ?? "", "mcp-credentials"), stdout);
  });

  test("is not asked for again: another process uses the token, and refreshes it when it is over", async () => {
    const server = await startGuarded();
    await using place = await placeWith(server);
    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);
    await browse((await addressIn(approving)).href);
    expect((await approving.ended).code).toBe(0);

    // Nobody is there to log in.
    expect(await place.spawn(["mcp", "inspect", "guarded"]).ended).toMatchObject({ code: 0 });
    server.revokeAll();
    expect(await place.spawn(["mcp", "inspect", "guarded"]).ended).toMatchObject({ code: 0 });

    const kinds = server.asked.flatMap(({ path, said }) => (path === "/token" ? [said["grant_type"]] : []));
    expect(kinds).toEqual(["authorization_code", "refresh_token"]);
    expect(server.asked.filter(({ path }) => path === "/register")).toHaveLength(1);
  });

  test("names the address of a document about it where the authorization server takes that, and registers nowhere", async () => {
    const server = await startGuarded();
    const document = await startDocument();
    server.mischief.readsDocuments = document.read;
    await using place = await placeWithDocument(server, document);

    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);
    const address = await addressIn(approving);
    expect(address.searchParams.get("client_id")).toBe(document.url);
    await browse(address.href);

    expect((await approving.ended).code).toBe(0);
    expect(server.asked.map(({ path: where }) => where)).not.toContain("/register");
    const redeemed = server.asked.flatMap(({ path: where, said }) =>
      where === "/token" ? [said["client_id"]] : [],
    );
    expect(redeemed).toEqual([document.url]);
    server.revokeAll();
    expect(await place.spawn(["mcp", "inspect", "guarded"]).ended).toMatchObject({ code: 0 });
    expect(server.asked.map(({ path: where }) => where)).not.toContain("/register");
  });

  test("registers where the authorization server takes no such document, which cannot be for another client", async () => {
    const server = await startGuarded();
    const document = await startDocument("https://other.example/client.json");
    await using place = await placeWithDocument(server, document);

    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);
    await browse((await addressIn(approving)).href);
    expect((await approving.ended).code).toBe(0);
    expect(server.asked.map(({ path: where }) => where)).toContain("/register");

    // The document is about somebody else: the authorization server sends nobody back.
    const strict = await startGuarded();
    strict.mischief.readsDocuments = document.read;
    await using other = await placeWithDocument(strict, document);
    const refused = other.onTerminal(["mcp", "approve", "guarded", "--yes"]);
    expect((await browse((await addressIn(refused)).href)).status).toBe(400);
    refused.child.kill("SIGTERM");
    await refused.ended;
    expect(strict.asked.map(({ path: where }) => where)).not.toContain("/token");
  });

  test("refuses an authorization server that says it is another one, before anybody is asked", async () => {
    const server = await startGuarded();
    server.mischief.issuer = "https://login.example";
    await using place = await placeWith(server);

    const { code, stdout } = await place.onTerminal(["mcp", "approve", "guarded", "--yes"]).ended;

    expect(stdout).toContain("[mcp.authorization_failed]");
    expect(stdout).not.toContain("If you agree, open:");
    expect(code).not.toBe(0);
    expect(server.asked.map(({ path }) => path)).not.toContain("/register");
  });

  test("redeems no code that comes from another issuer than the one that was asked", async () => {
    const server = await startGuarded();
    server.mischief.iss = "https://login.example";
    await using place = await placeWith(server);
    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);

    await browse((await addressIn(approving)).href);
    const { code, stdout } = await approving.ended;

    expect(stdout).toContain("[mcp.authorization_failed]");
    expect(code).not.toBe(0);
    expect(server.asked.map(({ path }) => path)).not.toContain("/token");
  });

  test("ends with what the person said no to, and without anybody who could log in", async () => {
    const server = await startGuarded();
    server.mischief.denies = true;
    await using place = await placeWith(server);
    const approving = place.onTerminal(["mcp", "approve", "guarded", "--yes"]);

    await browse((await addressIn(approving)).href);
    const denied = await approving.ended;
    const alone = await place.spawn(["mcp", "approve", "guarded", "--yes"]).ended;

    expect(denied.stdout).toContain("[mcp.unauthorized]");
    expect(alone.stderr).toContain("[mcp.unauthorized]");
    expect([denied.code, alone.code]).not.toContain(0);
    expect(server.asked.map(({ path }) => path)).not.toContain("/token");
  });
});

/** Tokens are in files that only their owner may read, and nowhere on the screen. */
async function expectPrivate(folder: string, shown: string): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) {
    const { mode } = await stat(path);
    expect(mode & 0o077).toBe(0);
    const [, token = "nothing"] = /"access_token":\s*"([^"]+)"/u.exec(await readFile(path, "utf8")) ?? [];
    expect(shown).not.toContain(token);
  }
}
