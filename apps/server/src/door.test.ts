import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createTauClient } from "@tau/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createBearerAuthenticator } from "./authenticator.ts";
import { openHarness } from "./server-harness.test.support.ts";

const token = "correct-horse-battery-staple";
const getSession = "/tau.runtime.v1.RuntimeService/ListSessions?encoding=json&message=%7B%7D";
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tau-door-"));
  await writeFile(join(folder, "token"), `${token}\n`);
  await writeFile(join(folder, "short"), "short");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function curl(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("curl", ["-sS", "-w", "\n%{http_code}", ...args], (_error, stdout) => resolve(stdout));
  });
}

describe("a server that other machines can reach", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "example.org"])(
    "refuses to start on %s without a token",
    async (host) => {
      await expect(openHarness({ host })).rejects.toMatchObject({
        code: "server.token_required",
        message: expect.stringContaining('set token to "env:NAME" or "file:PATH"'),
      });
    },
  );

  it("takes calls with the token, and no others", async () => {
    await using harness = await openHarness({ host: "0.0.0.0", token: `file:${join(folder, "token")}` });
    const baseUrl = `http://127.0.0.1:${harness.server.port}`;
    const codeWith = async (given?: string): Promise<string> => {
      using client = createTauClient({ baseUrl, ...(given === undefined ? {} : { token: given }) });
      return await client.listSessions().then(
        () => "ok",
        (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "?"),
      );
    };
    expect(await codeWith(token)).toBe("ok");
    expect(await codeWith()).toBe("server.unauthenticated");
    expect(await codeWith(`${token}x`)).toBe("server.unauthenticated");
    expect(await codeWith("")).toBe("server.unauthenticated");
    expect(await curl(`${baseUrl}/livez`)).toBe("ok\n\n200");
    expect(await curl(`${baseUrl}${getSession}`)).toMatch(/"unauthenticated".*\n401$/);
  });

  it("knows tenants by their tokens", async () => {
    const principal = { id: "ada", kind: "person", scopes: [] } as const;
    await using harness = await openHarness({
      host: "0.0.0.0",
      authenticator: createBearerAuthenticator([
        { token: "token-of-the-first-tenant", tenant: "one", principal },
        { token: "token-of-the-second-tenant", tenant: "two", principal },
      ]),
    });
    const baseUrl = `http://127.0.0.1:${harness.server.port}`;
    using one = createTauClient({ baseUrl, token: "token-of-the-first-tenant" });
    using two = createTauClient({ baseUrl, token: "token-of-the-second-tenant" });
    await one.createSession({ externalId: "s1" });
    expect((await one.getSession("s1")).sessionId).toBe("s1");
    await expect(two.getSession("s1")).rejects.toMatchObject({ code: "session.not_found" });
    expect((await two.listSessions()).sessions).toEqual([]);

    const sessionId = "s1";
    const entries = [{ key: "k", content: "c" }];
    const attempts: readonly Promise<unknown>[] = [
      two.attach({ sessionId, fromSeq: 1 })[Symbol.asyncIterator]().next(),
      two.injectContext({ sessionId, entries }),
      two.forkSession({ sessionId, atSeq: 1 }),
      two.cancelRun({ sessionId, runId: "r1" }),
      two.respond({ sessionId, approvalId: "a1", answer: "allow" }),
    ];
    for (const attempt of attempts)
      await expect(attempt).rejects.toMatchObject({ code: "session.not_found" });
    expect((await one.getSession("s1")).version).toBe(1);
  });
});

describe("a token reference", () => {
  it.each([
    ["file:/no/such/file", "names a file that cannot be read"],
    ["env:TAU_TEST_NO_SUCH_VARIABLE", "names a place where nothing is"],
    ["correct-horse-battery-staple", 'write "env:NAME" or "file:PATH"'],
  ])("that is %s stops the server", async (reference, message) => {
    const opening = openHarness({ token: reference });
    await expect(opening).rejects.toMatchObject({
      code: "server.token_invalid",
      message: expect.stringContaining(message),
    });
    await expect(opening).rejects.not.toThrow(token);
  });

  it("to a token that is too short stops the server", async () => {
    await expect(openHarness({ token: `file:${join(folder, "short")}` })).rejects.toMatchObject({
      code: "server.token_invalid",
      message: expect.stringContaining("shorter than 16 characters"),
    });
  });

  it("is enforced on loopback too, once given", async () => {
    await using harness = await openHarness({ token: `file:${join(folder, "token")}` });
    using client = createTauClient({ baseUrl: harness.server.url });
    await expect(client.listSessions()).rejects.toMatchObject({
      code: "server.unauthenticated",
      class: "auth",
    });
  });
});

describe("a server on loopback", () => {
  it("refuses web pages of other origins, and names that were rebound", async () => {
    await using harness = await openHarness({ allowedOrigins: ["https://console.example.org"] });
    const { url, port } = harness.server;
    const status = async (...headers: readonly string[]): Promise<string> =>
      (await curl(...headers.flatMap((header) => ["-H", header]), `${url}${getSession}`)).slice(-3);
    expect(await status()).toBe("200");
    expect(await status(`host: localhost:${port}`)).toBe("200");
    expect(await status(`host: [::1]:${port}`)).toBe("200");
    expect(await status("host: 127.9.9.9")).toBe("200");
    expect(await status("host: 128.0.0.1")).toBe("403");
    expect(await status(`host: evil.example:${port}`)).toBe("403");
    expect(await status(`host: 127.0.0.1.evil.example:${port}`)).toBe("403");
    expect(await status("origin: https://evil.example")).toBe("403");
    expect(await status("origin: null")).toBe("403");
    expect(await status("sec-fetch-site: cross-site")).toBe("403");
    expect(await status(`origin: http://127.0.0.1:${port}`, "sec-fetch-site: same-origin")).toBe("200");
    expect(await status("origin: https://console.example.org", "sec-fetch-site: cross-site")).toBe("200");
  });

  it("says what to do about a call that it refused", async () => {
    await using harness = await openHarness();
    const { url } = harness.server;
    const answer = await curl("-H", "host: evil.example", `${url}${getSession}`);
    expect(answer).toContain("use 127.0.0.1 or localhost, or add the name to allowedHosts");
    expect(answer).toContain('"code":"server.host_refused"');
    const other = await curl("-H", "origin: https://evil.example", `${url}${getSession}`);
    expect(other).toContain("add it to allowedOrigins");
    expect(other).toContain('"code":"server.origin_refused"');
  });

  it("lets in a host that it was told of", async () => {
    await using harness = await openHarness({ allowedHosts: ["tau.internal"] });
    const { url } = harness.server;
    expect(await curl("-H", "host: tau.internal", `${url}${getSession}`)).toMatch(/200$/);
  });

  it("says what to do when the port is taken", async () => {
    await using harness = await openHarness();
    await expect(openHarness({ port: harness.server.port })).rejects.toMatchObject({
      code: "server.listen_failed",
      message: expect.stringContaining("EADDRINUSE"),
    });
  });
});
