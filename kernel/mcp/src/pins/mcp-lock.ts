import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { byCodeUnits } from "../by-code-units.ts";
import { definitionKinds, hashDefinition } from "./definition.ts";
import type { Definition, DefinitionKind } from "./definition.ts";

/** The name of the file that lies beside the tau.toml whose servers it locks. */
export const mcpLockName = "mcp.lock";

/** A definition that a person approved. */
export interface PinnedDefinition extends Definition {
  /** See `hashDefinition`. */
  readonly sha256: string;
}

/** What a person approved of one server. */
export interface ServerLock {
  /** What was approved to be run or asked, in words: the command line or the address. */
  readonly endpoint: string;
  /** SHA-256 over all of the configuration that decides what runs and who is asked. */
  readonly endpointSha256: string;
  /** Ordered by kind and name. */
  readonly definitions: readonly PinnedDefinition[];
}

/** What was approved, by the name of the server. */
export type McpLock = Readonly<Record<string, ServerLock>>;

const version = 1;

/** Adds the hash to a definition. */
export function pinDefinition(definition: Definition): PinnedDefinition {
  return { ...definition, sha256: hashDefinition(definition) };
}

/** Writes a lock: the same approvals always give the same bytes. */
export function renderMcpLock(lock: McpLock): string {
  const names = Object.keys(lock).toSorted(byCodeUnits);
  const servers = Object.fromEntries(names.map((name) => [name, renderServer(lock[name])]));
  return `${JSON.stringify({ version, servers }, undefined, 2)}\n`;
}

function renderServer(server: ServerLock | undefined): JsonObject {
  const { endpoint = "", endpointSha256 = "", definitions = [] } = server ?? {};
  return { endpoint, endpointSha256, definitions: definitions.toSorted(byKindAndName).map(renderDefinition) };
}

function renderDefinition({ kind, name, sha256, body }: PinnedDefinition): JsonObject {
  return { kind, name, sha256, body };
}

/**
 * Reads a lock and checks every hash in it.
 *
 * @throws TauError `mcp.invalid_lock`
 */
export function parseMcpLock(text: string): McpLock {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value) || parsed.value["version"] !== version) throw invalidLock();
  const { servers } = parsed.value;
  if (!isJsonObject(servers)) throw invalidLock();
  return Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, toServer(server)]));
}

function toServer(value: unknown): ServerLock {
  if (!isJsonObject(value)) throw invalidLock();
  const { endpoint, endpointSha256, definitions } = value;
  if (typeof endpoint !== "string" || typeof endpointSha256 !== "string") throw invalidLock();
  if (!Array.isArray(definitions)) throw invalidLock();
  return { endpoint, endpointSha256, definitions: definitions.map(toDefinition) };
}

function toDefinition(value: unknown): PinnedDefinition {
  if (!isJsonObject(value)) throw invalidLock();
  const { name, sha256, body } = value;
  const kind = definitionKinds.find((known) => known === value["kind"]);
  if (kind === undefined || typeof name !== "string" || !isJsonObject(body)) throw invalidLock();
  const definition = pinDefinition({ kind, name, body });
  // A body that was edited by hand is one that nobody was shown.
  if (definition.sha256 !== sha256) throw invalidLock();
  return definition;
}

function byKindAndName(a: Definition, b: Definition): number {
  return byCodeUnits(a.kind, b.kind) || byCodeUnits(a.name, b.name);
}

function invalidLock(): TauError {
  return new TauError(
    "mcp.invalid_lock",
    `An ${mcpLockName} cannot be read, or was edited by hand: look at the servers, then approve them again.`,
  );
}

/** The definition of a kind and name that a person approved. */
export function findPinned(
  lock: ServerLock | undefined,
  kind: DefinitionKind,
  name: string,
): PinnedDefinition | undefined {
  return lock?.definitions.find((one) => one.kind === kind && one.name === name);
}
