import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import type { Place, Running } from "../cli.test.support.ts";
import { startGuarded } from "./login.test.support.ts";
import type { GuardedServer } from "./login.test.support.ts";

async function placeWith({ url }: GuardedServer): Promise<Place> {
  const place = await createPlace();
  expect((await place.tau(["mcp", "add", "guarded", "--url", url])).code).toBe(0);
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
