import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { assertServerName } from "../tool-name.ts";
import type { HttpServer, McpServerConfig, OAuthConfig, StdioServer, ToolOverride } from "./server-config.ts";

/** What fits a key: undefined, or what the value must be. */
type Check = (value: Json) => string | undefined;

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text in quotes");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === undefined) ? undefined : "a list of texts";
const count: Check = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0
    ? undefined
    : "a whole number above 0";
const table: Check = (value) =>
  isJsonObject(value) && Object.values(value).every((item) => typeof item === "string")
    ? undefined
    : "a table of texts";
const reference = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/u;
const secret: Check = (value) =>
  typeof value === "string" && reference.test(value) ? undefined : 'a reference, "env:NAME" or "file:PATH"';
const command: Check = (value) => {
  if (!Array.isArray(value) || value.length === 0 || texts(value) !== undefined)
    return 'a program and its arguments, such as ["npx", "-y", "some-server"]';
  // Everybody on the machine can read the arguments of a process.
  return value.some((word) => reference.test(String(word)))
    ? "without references to secrets: put them into env"
    : undefined;
};
const url: Check = (value) =>
  typeof value === "string" && isServerUrl(value)
    ? undefined
    : "an https URL without user, password and fragment, or an http one of this machine";
const documentUrl: Check = (value) =>
  typeof value === "string" && isServerUrl(value) && /^https:\/\/[^/]+\/[^/]/u.test(value)
    ? undefined
    : "an https URL with a path, without user, password and fragment";
const network: Check = (value) =>
  typeof value === "boolean" || texts(value) === undefined ? undefined : "true, false or a list of hosts";
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && words.includes(value) ? undefined : `one of ${words.join(", ")}`;

type Checks = Readonly<Record<string, Check>>;

const anyServer: Checks = {
  allow: texts,
  tools: (value) => (isJsonObject(value) ? undefined : "a table of tools"),
  timeout_ms: count,
  idle_ms: count,
  revision: oneOf("auto", "2025-11-25", "2026-07-28"),
  sampling: flag,
  elicitation: flag,
  roots: flag,
  resources: flag,
};
const stdioServer: Checks = {
  ...anyServer,
  transport: oneOf("stdio"),
  command,
  env: table,
  access: oneOf("read-only", "workspace-write", "full"),
  network,
};
const httpServer: Checks = {
  ...anyServer,
  transport: oneOf("http", "sse"),
  url,
  headers: table,
  oauth: (value) => (isJsonObject(value) ? undefined : "a table"),
};
const toolOverride: Checks = {
  enabled: flag,
  side_effect: oneOf("pure", "idempotent", "compensable", "irreversible"),
  timeout_ms: count,
  scopes: texts,
};
const oauthConfig: Checks = {
  client_id: text,
  client_secret: secret,
  client_metadata_url: documentUrl,
  issuer: url,
  grant: oneOf("authorization_code", "client_credentials"),
  scopes: texts,
};

/**
 * Reads what a tau.toml says under `[mcp.servers]`, a table by name. Keys are written as there, `timeout_ms`.
 *
 * @throws TauError `mcp.invalid_config` with every mistake at once, `mcp.invalid_name`
 */
export function parseMcpServers(value: unknown): Readonly<Record<string, McpServerConfig>> {
  if (!isJsonObject(value)) throw invalidConfig(["mcp.servers must be a table, written [mcp.servers.NAME]."]);
  const mistakes = Object.entries(value).flatMap(([name, server]) => serverMistakes(name, server));
  if (mistakes.length > 0) throw invalidConfig(mistakes);
  return Object.fromEntries(
    Object.entries(value).map(([name, server]) => [name, toServer(isJsonObject(server) ? server : {})]),
  );
}

function serverMistakes(name: string, server: Json): readonly string[] {
  assertServerName(name);
  const where = `mcp.servers.${name}`;
  if (!isJsonObject(server)) return [`${where} must be a table, written [${where}].`];
  const isLocal = !("url" in server);
  const needed = isLocal ? "command" : "url";
  const { tools, oauth } = server;
  const ofTools = Object.entries(isJsonObject(tools) ? tools : {}).flatMap(([tool, override]) =>
    isJsonObject(override)
      ? mistakesIn(`${where}.tools.${tool}`, override, toolOverride)
      : [`${where}.tools.${tool} must be a table.`],
  );
  return [
    ...(needed in server ? [] : [`${where} needs a command, or a url.`]),
    ...mistakesIn(where, server, isLocal ? stdioServer : httpServer),
    ...ofTools,
    ...(isJsonObject(oauth) ? mistakesIn(`${where}.oauth`, oauth, oauthConfig) : []),
  ];
}

function mistakesIn(where: string, values: JsonObject, checks: Checks): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined)
      return [`${where}.${key} is not a key; there is ${Object.keys(checks).join(", ")}.`];
    const wanted = check(value);
    // The value itself stays out of the message: it may be a secret that was given by mistake.
    return wanted === undefined ? [] : [`${where}.${key} must be ${wanted}.`];
  });
}

/** The checks have been made: every value has the type that its key says. */
function toServer(server: JsonObject): McpServerConfig {
  const { tools, oauth, network: reach, transport, ...rest } = server;
  const overrides = Object.entries(isJsonObject(tools) ? tools : {}).map(
    ([name, override]): [string, ToolOverride] => [name, JSON.parse(JSON.stringify(inCamelCase(override)))],
  );
  const common = {
    ...inCamelCase(rest),
    ...(tools === undefined ? {} : { tools: Object.fromEntries(overrides) }),
  };
  if ("url" in server) {
    const authorization: OAuthConfig | undefined =
      oauth === undefined ? undefined : JSON.parse(JSON.stringify(inCamelCase(oauth)));
    const http: HttpServer = JSON.parse(
      JSON.stringify({ ...common, transport: transport ?? "http", oauth: authorization }),
    );
    return http;
  }
  const hosts = Array.isArray(reach) ? { hosts: reach } : reach;
  const stdio: StdioServer = JSON.parse(JSON.stringify({ ...common, transport: "stdio", network: hosts }));
  return stdio;
}

function inCamelCase(value: Json): JsonObject {
  return Object.fromEntries(
    Object.entries(isJsonObject(value) ? value : {}).map(([key, of]) => [
      key.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase()),
      of,
    ]),
  );
}

/** Tells whether tokens may be sent there: nobody in between can read them, and nothing in it is one. */
function isServerUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username !== "" || password !== "" || hash !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** Tells whether a URL's host is this machine, by its name alone. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/u.test(hostname);
}

function invalidConfig(mistakes: readonly string[]): TauError {
  return new TauError("mcp.invalid_config", mistakes.join("\n"));
}
