import type { ServerResponse } from "node:http";

import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { HttpServer } from "../config/server-config.ts";
import {
  approvedClientOf,
  callOf,
  callTool,
  clientOf,
  contextFor,
  handled,
  startServer,
} from "../mcp.test.support.ts";
import type { Handler, SeenRequest, TestServer } from "../mcp.test.support.ts";
import type { AskAuthorization, OAuthOptions } from "./authorization.ts";
import { createMemoryCredentialStore } from "./credential-store.ts";
import type { McpCredentialStore } from "./credential-store.ts";

/** A server that wants tokens, with its authorization server at the same origin. Tokens are named after their code. */
async function startGuarded(): Promise<
  TestServer & { readonly issued: string[]; readonly revoked: Set<string> }
> {
  const issued: string[] = [];
  const revoked = new Set<string>();
  const say = (response: ServerResponse, value: JsonObject): typeof handled => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    return handled;
  };
  const guard =
    (usual: (params: JsonObject) => JsonObject): Handler =>
    (params, { seen, response }) => {
      const token = seen.headers.authorization?.replace("Bearer ", "") ?? "";
      if (issued.includes(token) && !revoked.has(token)) return usual(params);
      const where = `resource_metadata="${origin()}/.well-known/oauth-protected-resource/mcp"`;
      response.writeHead(401, { "www-authenticate": `Bearer ${where}` }).end();
      return handled;
    };
  const origin = (): string => new URL(server.url).origin;
  const server = await startServer({
    initialize: guard(() => ({
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "guarded", version: "1" },
    })),
    "tools/call": guard(() => ({ content: [] })),
    "GET /.well-known/oauth-protected-resource/mcp": (_, { response }) =>
      say(response, { resource: server.url, authorization_servers: [origin()] }),
    "GET /.well-known/oauth-authorization-server": (_, { response }) =>
      say(response, {
        issuer: origin(),
        authorization_endpoint: `${origin()}/authorize`,
        token_endpoint: `${origin()}/token`,
        registration_endpoint: `${origin()}/register`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
      }),
    "POST /register": (_, { response }) =>
      say(response, { client_id: "registered", redirect_uris: ["http://127.0.0.1:1/back"] }),
    "POST /token": (_, { seen, response }) => {
      const form = new URLSearchParams(seen.body);
      const token = `token-${form.get("code") ?? form.get("grant_type")}-${issued.length}`;
      issued.push(token);
      return say(response, { access_token: token, token_type: "Bearer", refresh_token: `r${issued.length}` });
    },
  });
  return Object.assign(server, { issued, revoked });
}

function guardedConfig(server: TestServer, more: Partial<HttpServer> = {}): HttpServer {
  return { transport: "http", url: server.url, revision: "2025-11-25", ...more };
}

function oauthWith(authorize: AskAuthorization, credentials: McpCredentialStore): OAuthOptions {
  return { redirectUrl: "http://127.0.0.1:1/back", credentials, authorize };
}

/** Says yes in the browser, under the name of whoever is asked. */
const agree: AskAuthorization = async ({ url }, { call }) => {
  const state = new URL(url).searchParams.get("state") ?? "";
  return await Promise.resolve(new URLSearchParams({ code: call.principal.id, state }));
};

const tokensSent = (seen: readonly SeenRequest[], method: string): readonly (string | undefined)[] =>
  seen.filter((one) => one.method === method).map(({ headers }) => headers.authorization);

describe("a server that wants to know who calls", () => {
  test("gets each principal's own token, and keeps it for their next session", async () => {
    const server = await startGuarded();
    const credentials = createMemoryCredentialStore();
    const asked: string[] = [];
    const oauth = oauthWith(async (request, context) => {
      asked.push(context.call.principal.id);
      return await agree(request, context);
    }, credentials);
    const client = await approvedClientOf({ servers: { mail: guardedConfig(server) }, oauth });

    for (const name of ["ada", "eve"]) await callTool(client, "mail__echo", {}, contextFor(callOf(name)));
    await callTool(client, "mail__echo", {}, contextFor(callOf("ada", { sessionId: "s2" })));
    await callTool(client, "mail__echo", {}, contextFor(callOf("ada", { tenant: "other" })));

    expect(tokensSent(server.seen, "tools/call")).toEqual([
      "Bearer token-ada-1",
      "Bearer token-eve-2",
      "Bearer token-ada-1",
      "Bearer token-ada-3",
    ]);
    expect(asked).toEqual(["approver", "ada", "eve", "ada"]);
  });

  test("is told for which resource and by whose code the token is wanted", async () => {
    const server = await startGuarded();
    const addresses: URL[] = [];
    const oauth = oauthWith(async (request, context) => {
      addresses.push(new URL(request.url));
      return await agree(request, context);
    }, createMemoryCredentialStore());

    await approvedClientOf({ servers: { mail: guardedConfig(server) }, oauth });

    const asked = Object.fromEntries(addresses[0]?.searchParams ?? []);
    expect(asked).toMatchObject({
      resource: server.url,
      code_challenge_method: "S256",
      client_id: "registered",
    });
    const form = new URLSearchParams(server.seen.find(({ body }) => body.startsWith("grant_type"))?.body);
    expect(form.get("resource")).toBe(server.url);
    expect(form.get("code_verifier")?.length).toBeGreaterThanOrEqual(43);
  });

  test("refreshes a token that ran out without asking anybody, once for all who meet it", async () => {
    const server = await startGuarded();
    let asked = 0;
    const oauth = oauthWith(async (request, context) => {
      asked += 1;
      return await agree(request, context);
    }, createMemoryCredentialStore());
    const client = await approvedClientOf({ servers: { mail: guardedConfig(server) }, oauth });
    await callTool(client, "mail__echo");
    for (const token of server.issued) server.revoked.add(token);
    const before = server.issued.length;

    const runs = await Promise.all([callTool(client, "mail__echo"), callTool(client, "mail__echo")]);

    expect(runs.map(({ code }) => code)).toEqual([undefined, undefined]);
    expect(server.issued.length).toBe(before + 1);
    expect(asked).toBe(2);
  });

  test("is not talked to where nobody can be asked", async () => {
    const server = await startGuarded();
    const servers = { mail: guardedConfig(server) };
    const oauth = { redirectUrl: "http://127.0.0.1:1/back", credentials: createMemoryCredentialStore() };

    for (const more of [{}, { oauth }]) {
      const handle = clientOf({ servers, ...more }).server("mail");
      await expect(handle.inspect(callOf(), { start: true })).rejects.toMatchObject({
        code: "mcp.unauthorized",
        class: "auth",
      });
    }
    expect(server.issued).toEqual([]);
  });

  test("gets nothing for an answer that belongs to another question", async () => {
    const server = await startGuarded();
    const forged = async (): Promise<URLSearchParams> =>
      await Promise.resolve(new URLSearchParams({ code: "stolen", state: "guessed" }));
    const oauth = oauthWith(forged, createMemoryCredentialStore());
    const handle = clientOf({ servers: { mail: guardedConfig(server) }, oauth }).server("mail");

    const failure = handle.inspect(callOf(), { start: true });

    await expect(failure).rejects.toMatchObject({ code: "mcp.authorization_failed" });
    expect(server.issued).toEqual([]);
  });

  test("gets nothing when the person says no", async () => {
    const server = await startGuarded();
    const refuse: AskAuthorization = async ({ url }) =>
      await Promise.resolve(
        new URLSearchParams({ error: "access_denied", state: new URL(url).searchParams.get("state") ?? "" }),
      );
    const oauth = oauthWith(refuse, createMemoryCredentialStore());
    const handle = clientOf({ servers: { mail: guardedConfig(server) }, oauth }).server("mail");

    await expect(handle.inspect(callOf(), { start: true })).rejects.toMatchObject({
      code: "mcp.unauthorized",
    });
  });

  test("gets the token from the configuration and no other", async () => {
    const server = await startGuarded();
    server.issued.push("fixed");
    const config = guardedConfig(server, { headers: { authorization: "env:MAIL" } });
    const client = await approvedClientOf({
      servers: { mail: config },
      resolveSecret: async (reference) =>
        await Promise.resolve(`Bearer ${reference === "env:MAIL" ? "fixed" : ""}`),
      oauth: oauthWith(agree, createMemoryCredentialStore()),
    });

    expect((await callTool(client, "mail__echo")).code).toBeUndefined();
    expect(new Set(tokensSent(server.seen, "tools/call"))).toEqual(new Set(["Bearer fixed"]));
  });

  test("gets a configured secret for its own authorization server only", async () => {
    const [server, evil] = [await startGuarded(), await startGuarded()];
    const oauth = oauthWith(agree, createMemoryCredentialStore());
    const config = guardedConfig(server, {
      oauth: { clientId: "known", clientSecret: "env:SECRET", issuer: new URL(evil.url).origin },
    });
    const handle = clientOf({
      servers: { mail: config },
      oauth,
      resolveSecret: async () => await Promise.resolve("s3cret"),
    }).server("mail");

    await handle.inspect(callOf(), { start: true }).catch(() => undefined);

    const sent = server.seen.map(({ body, headers }) => body + (headers.authorization ?? "")).join("\n");
    expect(sent).not.toContain("s3cret");
    expect(sent).not.toContain(Buffer.from("known:s3cret").toString("base64"));
  });
});
