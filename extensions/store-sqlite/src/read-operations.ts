import { unreachable } from "@tau/core";
import type { StreamSummary } from "@tau/runtime";

import type { Answers, Operation } from "./protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";

/** Operations that only look. */
export type ReadOperation = Extract<
  Operation,
  { readonly op: "version" | "read" | "list" | "load_checkpoint" | "get_content" | "foreign_version" }
>;

/** Carries out a read. */
export function read(tenant: TenantDatabase, operation: ReadOperation): Answers[ReadOperation["op"]] {
  switch (operation.op) {
    case "version":
      return Number(
        tenant.sql("SELECT version FROM streams WHERE name = ?").get(operation.stream)?.["version"] ?? 0,
      );
    case "read":
      return readEvents(tenant, operation);
    case "list":
      return list(tenant, operation);
    case "load_checkpoint":
      return loadCheckpoint(tenant, operation.stream);
    case "get_content": {
      const data = tenant.sql("SELECT data FROM content WHERE sha256 = ?").get(operation.sha256)?.["data"];
      return data instanceof Uint8Array ? data : null;
    }
    case "foreign_version":
      return tenant.foreignVersion();
    default:
      return unreachable(operation);
  }
}

/** What each read answers for a tenant that has no file. */
export const nothing: { readonly [Op in ReadOperation["op"]]: Answers[Op] } = {
  version: 0,
  read: [],
  list: [],
  load_checkpoint: null,
  get_content: null,
  foreign_version: 0,
};

type Of<Op extends Operation["op"]> = Extract<Operation, { readonly op: Op }>;

function readEvents(
  tenant: TenantDatabase,
  { stream, from, limit }: Of<"read">,
): readonly (string | number)[] {
  const rows = tenant
    .sql(
      `SELECT seq, type, version, at, body FROM events
       WHERE stream_id = (SELECT id FROM streams WHERE name = ?) AND seq >= ? ORDER BY seq LIMIT ?`,
    )
    .all(stream, from, limit);
  return rows.flatMap(({ seq, type, version, at, body }) => [
    Number(seq),
    String(type),
    Number(version),
    Number(at),
    String(body),
  ]);
}

function list(
  tenant: TenantDatabase,
  { options: { prefix, limit, before } }: Of<"list">,
): readonly StreamSummary[] {
  // Names are ASCII, so everything that begins with the prefix lies below the prefix and a last character.
  const end = before ?? `${prefix}\u{10ffff}`;
  const rows = tenant
    .sql(
      `SELECT name, version, created_at, updated_at, last_type FROM streams
       WHERE name >= ? AND name < ? AND version > 0 ORDER BY name DESC LIMIT ?`,
    )
    .all(prefix, end, limit);
  return rows
    .filter(({ name }) => String(name).startsWith(prefix))
    .map(({ name, version, created_at: createdAt, updated_at: updatedAt, last_type: lastType }) => ({
      stream: String(name),
      version: Number(version),
      createdAt: Number(createdAt),
      updatedAt: Number(updatedAt),
      lastType: String(lastType),
    }));
}

function loadCheckpoint(tenant: TenantDatabase, stream: string): Answers["load_checkpoint"] {
  const row = tenant.sql("SELECT seq, version, state FROM checkpoints WHERE stream = ?").get(stream);
  if (row === undefined) return null;
  return { seq: Number(row["seq"]), version: Number(row["version"]), state: String(row["state"]) };
}
