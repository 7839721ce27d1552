import { unreachable } from "@tau/core";

import { DatabaseError } from "./database-error.ts";
import type { Answers, Operation } from "./protocol.ts";
import { ownerIsGone } from "./owner.ts";
import type { StreamRow, TenantDatabase } from "./tenant-database.ts";

/** Operations that change a tenant's file; they run inside a transaction. */
export type WriteOperation = Extract<
  Operation,
  { readonly op: "append" | "save_checkpoint" | "put_content" | "acquire" | "renew" | "release" }
>;

/** Carries out a write inside the open transaction. A refusal throws before anything is written. */
export function write(tenant: TenantDatabase, operation: WriteOperation): Answers[WriteOperation["op"]] {
  switch (operation.op) {
    case "append":
      return append(tenant, operation);
    case "save_checkpoint": {
      const { stream, seq, version, state } = operation;
      tenant.sql("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)").run(stream, seq, version, state);
      return null;
    }
    case "put_content":
      tenant.sql("INSERT OR IGNORE INTO content VALUES (?, ?)").run(operation.sha256, operation.data);
      return null;
    case "acquire":
      return acquire(tenant, operation);
    case "renew":
      return renew(tenant, operation);
    case "release":
      tenant.sql("DELETE FROM leases WHERE key = ? AND owner = ?").run(operation.key, operation.owner);
      return null;
    default:
      return unreachable(operation);
  }
}

type Of<Op extends Operation["op"]> = Extract<Operation, { readonly op: Op }>;

function append(tenant: TenantDatabase, { stream, expected, events }: Of<"append">): number {
  const row = findStream(tenant, stream);
  const version = row?.version ?? 0;
  if (version !== expected)
    throw new DatabaseError("journal.conflict", "The stream has another version.", { version });
  if (events.length === 0) return version;
  const lastType = String(events.at(-4));
  const [at, lastAt] = [Number(events[2]), Number(events.at(-2))];
  const target = row ?? createStream(tenant, stream, at, lastType);
  const insert = tenant.sql("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  let seq = version;
  for (let index = 0; index < events.length; index += 4) {
    seq += 1;
    insert.run(
      target.id,
      seq,
      events[index] ?? "",
      events[index + 1] ?? 0,
      events[index + 2] ?? 0,
      events[index + 3] ?? "",
    );
  }
  tenant
    .sql("UPDATE streams SET version = ?, updated_at = ?, last_type = ? WHERE id = ?")
    .run(seq, lastAt, lastType, target.id);
  target.version = seq;
  return seq;
}

/** Where a stream stands; undefined when nothing was ever written to it. */
export function findStream(tenant: TenantDatabase, stream: string): StreamRow | undefined {
  const known = tenant.streams.get(stream);
  if (known !== undefined) return known;
  const found = tenant.sql("SELECT id, version FROM streams WHERE name = ?").get(stream);
  if (found === undefined) return undefined;
  const row = { id: Number(found["id"]), version: Number(found["version"]) };
  remember(tenant, stream, row);
  return row;
}

function createStream(tenant: TenantDatabase, stream: string, at: number, type: string): StreamRow {
  const { lastInsertRowid } = tenant
    .sql("INSERT INTO streams (name, version, created_at, updated_at, last_type) VALUES (?, 0, ?, ?, ?)")
    .run(stream, at, at, type);
  const row = { id: Number(lastInsertRowid), version: 0 };
  remember(tenant, stream, row);
  return row;
}

// A process that lives long sees many streams; only those written lately are worth remembering.
const maxRemembered = 10_000;

function remember({ streams }: TenantDatabase, stream: string, row: StreamRow): void {
  if (streams.size >= maxRemembered) streams.clear();
  streams.set(stream, row);
}

function acquire(tenant: TenantDatabase, { key, owner, now, until }: Of<"acquire">): boolean {
  const held = tenant.sql("SELECT owner, expires_at FROM leases WHERE key = ?").get(key);
  const free = held === undefined || Number(held["expires_at"]) <= now || ownerIsGone(String(held["owner"]));
  if (free) tenant.sql("INSERT OR REPLACE INTO leases VALUES (?, ?, ?)").run(key, owner, until);
  return free;
}

function renew(tenant: TenantDatabase, { owner, until }: Of<"renew">): readonly string[] {
  tenant.sql("UPDATE leases SET expires_at = ? WHERE owner = ?").run(until, owner);
  return tenant
    .sql("SELECT key FROM leases WHERE owner = ?")
    .all(owner)
    .map((row) => String(row["key"]));
}
