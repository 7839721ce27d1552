import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { onTestFinished } from "vitest";

/** What a {@link GuardedServer} does otherwise than usual, or wrong on purpose. */
export interface Mischief {
  /** The issuer that its metadata claims to be. */
  issuer?: string;
  /** The issuer that it sends along with a code. */
  iss?: string;
  /** Says no to the person. */
  denies?: boolean;
  /** Reads the document that a client's id is the address of, in place of a registration. */
  readsDocuments?: (address: string) => Promise<JsonObject>;
}

/** An MCP server that wants tokens, and its authorization server, at one address of this machine. */
export interface GuardedServer {
  readonly url: string;
  readonly origin: string;
  readonly mischief: Mischief;
  /** Everything that its authorization server was asked, in order: the path, and what was said. */
  readonly asked: { readonly path: string; readonly said: Readonly<Record<string, string>> }[];
  /** Lets no token that is out go on. */
  revokeAll(): void;
}

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly resource: string;
}

/** What the authorization server knows. */
interface Desk {
  readonly clients: Map<string, readonly string[]>;
  readonly codes: Map<string, Grant>;
  readonly refreshTokens: Set<string>;
  readonly tokens: Set<string>;
}

/** Starts one that ends with the test. It keeps to the rules: registered redirect addresses, PKCE, one use of each code. */
export async function startGuarded(): Promise<GuardedServer> {
  const desk: Desk = { clients: new Map(), codes: new Map(), refreshTokens: new Set(), tokens: new Set() };
  const mischief: Mischief = {};
  const asked: GuardedServer["asked"] = [];
  const server = createServer((request, response) => {
    const done = (async () => {
      const url = new URL(request.url ?? "/", origin());
      const body = await text(request);
      const said = readBody(request, url, body);
      if (!url.pathname.startsWith("/mcp")) asked.push({ path: url.pathname, said });
      await readDocument({ desk, mischief, origin: origin() }, said);
      answer({ desk, mischief, origin: origin() }, { url, said, body, request }, response);
    })();
    done.catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = (): string => {
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  };
  return {
    url: `${origin()}/mcp`,
    origin: origin(),
    mischief,
    asked,
    revokeAll: () => desk.tokens.clear(),
  };
}

interface Asked {
  readonly url: URL;
  readonly said: Readonly<Record<string, string>>;
  readonly body: string;
  readonly request: IncomingMessage;
}

interface House {
  readonly desk: Desk;
  readonly mischief: Mischief;
  readonly origin: string;
}

function readBody(request: IncomingMessage, url: URL, body: string): Readonly<Record<string, string>> {
  if (request.method === "GET") return Object.fromEntries(url.searchParams);
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true)
    return Object.fromEntries(new URLSearchParams(body));
  return {};
}

function answer(house: House, asked: Asked, response: ServerResponse): void {
  const { mischief, origin } = house;
  switch (asked.url.pathname) {
    case "/mcp":
      return mcp(house, asked, response);
    case "/.well-known/oauth-protected-resource/mcp":
      return say(response, { resource: `${origin}/mcp`, authorization_servers: [origin] });
    case "/.well-known/oauth-authorization-server":
      return say(response, {
        issuer: mischief.issuer ?? origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        client_id_metadata_document_supported: mischief.readsDocuments !== undefined,
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        authorization_response_iss_parameter_supported: true,
      });
    case "/register":
      return register(house, asked, response);
    case "/authorize":
      return authorize(house, asked, response);
    case "/token":
      return token(house, asked, response);
    default:
      response.writeHead(404).end();
  }
}

function register({ desk }: House, { body }: Asked, response: ServerResponse): void {
  const parsed = parseJson(body);
  const uris = parsed.ok && isJsonObject(parsed.value) ? parsed.value["redirect_uris"] : undefined;
  const redirectUris = Array.isArray(uris) ? uris.filter((uri) => typeof uri === "string") : [];
  const clientId = randomUUID();
  desk.clients.set(clientId, redirectUris);
  say(
    response,
    { client_id: clientId, redirect_uris: redirectUris, token_endpoint_auth_method: "none" },
    201,
  );
}

/** A client whose id is an address is what the document there says, if it says that it is about that address. */
async function readDocument(
  { desk, mischief }: House,
  said: Readonly<Record<string, string>>,
): Promise<void> {
  const { client_id: id = "" } = said;
  if (mischief.readsDocuments === undefined || !id.startsWith("https://")) return;
  const document = await mischief.readsDocuments(id);
  const uris = document["redirect_uris"];
  if (document["client_id"] !== id || !Array.isArray(uris)) return;
  desk.clients.set(
    id,
    uris.filter((uri) => typeof uri === "string"),
  );
}

/** The person is logged in already, and agrees by opening the address. */
function authorize({ desk, mischief, origin }: House, { said }: Asked, response: ServerResponse): void {
  const redirectUri = said["redirect_uri"] ?? "";
  const known = desk.clients.get(said["client_id"] ?? "") ?? [];
  const isProper = said["response_type"] === "code" && said["code_challenge_method"] === "S256";
  if (!known.includes(redirectUri) || !isProper) {
    response.writeHead(400).end();
    return;
  }
  const back = new URL(redirectUri);
  back.searchParams.set("state", said["state"] ?? "");
  back.searchParams.set("iss", mischief.iss ?? origin);
  if (mischief.denies === true) back.searchParams.set("error", "access_denied");
  else {
    const code = randomUUID();
    const { code_challenge: challenge = "", resource = "" } = said;
    desk.codes.set(code, { challenge, redirectUri, resource });
    back.searchParams.set("code", code);
  }
  response.writeHead(302, { location: back.href }).end();
}

function token({ desk, origin }: House, { said }: Asked, response: ServerResponse): void {
  const { grant_type: kind, code = "", code_verifier: verifier = "", refresh_token: refresh = "" } = said;
  const grant = desk.codes.get(code);
  desk.codes.delete(code);
  const digest = createHash("sha256").update(verifier).digest("base64url");
  const isGranted =
    kind === "authorization_code"
      ? grant?.challenge === digest &&
        grant.redirectUri === said["redirect_uri"] &&
        grant.resource === `${origin}/mcp`
      : desk.refreshTokens.delete(refresh);
  if (!isGranted) return say(response, { error: "invalid_grant" }, 400);
  const [access, next] = [randomUUID(), randomUUID()];
  desk.tokens.add(access);
  desk.refreshTokens.add(next);
  say(response, { access_token: access, token_type: "Bearer", expires_in: 3_600, refresh_token: next });
}

function mcp({ desk, origin }: House, { request, body }: Asked, response: ServerResponse): void {
  const shown = request.headers.authorization?.replace(/^Bearer /u, "") ?? "";
  if (!desk.tokens.has(shown)) {
    const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    response.writeHead(401, { "www-authenticate": `Bearer ${where}` }).end();
    return;
  }
  const parsed = parseJson(body);
  const message = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const { id, method } = message;
  if (id === undefined) {
    response.writeHead(request.method === "POST" ? 202 : 405).end();
    return;
  }
  const tools = [{ name: "look", description: "Looks around.", inputSchema: { type: "object" } }];
  const results: Readonly<Record<string, JsonObject>> = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "guarded", version: "1" },
    },
    "tools/list": { tools },
  };
  const result = typeof method === "string" ? results[method] : undefined;
  if (result === undefined) say(response, { jsonrpc: "2.0", id, error: { code: -32_601, message: "No" } });
  else say(response, { jsonrpc: "2.0", id, result });
}

function say(response: ServerResponse, value: JsonObject, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
