/**
 * The thread that owns the databases: the main thread's event loop never waits for a disk.
 *
 * Everything that arrived while a transaction was being made durable goes into the next one, so that one
 * fsync serves many sessions. Writes of a round come first; reads are short pages, so they delay no commit.
 */
import { readdirSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { DatabaseError, toDatabaseError } from "./database-error.ts";
import type { Operation, Request, Response } from "./protocol.ts";
import { nothing, read } from "./read-operations.ts";
import type { ReadOperation } from "./read-operations.ts";
import { openTenantDatabase } from "./tenant-database.ts";
import type { TenantDatabase } from "./tenant-database.ts";
import { write } from "./write-operations.ts";
import type { WriteOperation } from "./write-operations.ts";

const port = parentPort;
if (port === null) throw new TypeError("database-thread.ts runs as a worker only.");
const { directory }: { readonly directory: string } = workerData;
const databases = new Map<string, TenantDatabase>();

type Write = Request & { readonly operation: WriteOperation };

port.on("message", (first: readonly Request[]) => {
  const requests = [...first];
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    const next: readonly Request[] = more.message;
    requests.push(...next);
  }
  const responses: Response[] = [];
  for (const [tenant, writes] of writesByTenant(requests)) responses.push(...commit(tenant, writes));
  for (const request of requests) {
    if (!isWrite(request)) responses.push(answer(request));
  }
  port.postMessage(responses);
});

function writesByTenant(requests: readonly Request[]): ReadonlyMap<string, readonly Write[]> {
  const byTenant = new Map<string, Write[]>();
  for (const request of requests) {
    if (!isWrite(request)) continue;
    const { tenant } = request.operation;
    const writes = byTenant.get(tenant) ?? [];
    byTenant.set(tenant, writes);
    writes.push(request);
  }
  return byTenant;
}

function isWrite(request: Request): request is Write {
  return (
    !(request.operation.op in nothing) &&
    request.operation.op !== "tenants" &&
    request.operation.op !== "close"
  );
}

/** Carries out writes of one tenant in one transaction; none is acknowledged unless all of it is durable. */
function commit(tenant: string, writes: readonly Write[]): readonly Response[] {
  let database: TenantDatabase | undefined;
  try {
    database = open(tenant, true);
    if (database === undefined) throw new TypeError("A database that was to be made is missing.");
    const { db, streams } = database;
    const before = database.foreignVersion();
    db.exec("BEGIN IMMEDIATE");
    // Another process may have written since the last transaction, or while we waited for the lock.
    if (before !== lastForeign.get(tenant) || database.foreignVersion() !== before) streams.clear();
    const responses = writes.map((request) => tryWrite(request, database));
    db.exec("COMMIT");
    lastForeign.set(tenant, database.foreignVersion());
    return responses;
  } catch (error) {
    database?.streams.clear();
    if (database?.db.isTransaction === true) database.db.exec("ROLLBACK");
    const { code, message } = toDatabaseError(error, tenant);
    return writes.map(({ id }) => ({ id, ok: false, code, message }));
  }
}

const lastForeign = new Map<string, number>();

/** A refusal concerns one write; anything else ends the transaction of all. */
function tryWrite({ id, operation }: Write, database: TenantDatabase | undefined): Response {
  if (database === undefined) throw new TypeError("There is no database to write to.");
  try {
    return { id, ok: true, answer: write(database, operation) };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const { code, message, version } = error;
    return { id, ok: false, code, message, ...(version === undefined ? {} : { version }) };
  }
}

function answer({ id, operation }: Request): Response {
  try {
    return { id, ok: true, answer: look(operation) };
  } catch (error) {
    const { code, message } = toDatabaseError(error, "tenant" in operation ? operation.tenant : "");
    return { id, ok: false, code, message };
  }
}

function look(operation: Operation): Extract<Response, { readonly ok: true }>["answer"] {
  if (operation.op === "tenants") return tenants();
  if (operation.op === "close") return close();
  if (!isRead(operation)) throw new TypeError(`"${operation.op}" is not a read.`);
  const database = open(operation.tenant, false);
  return database === undefined ? nothing[operation.op] : read(database, operation);
}

function isRead(operation: Operation): operation is ReadOperation {
  return operation.op in nothing;
}

function open(tenant: string, create: boolean): TenantDatabase | undefined {
  const opened = databases.get(tenant) ?? openTenantDatabase(directory, tenant, create);
  if (opened !== undefined) databases.set(tenant, opened);
  return opened;
}

function tenants(): readonly string[] {
  return readdirSync(directory)
    .filter((tenant) => open(tenant, false)?.sql("SELECT 1 FROM streams LIMIT 1").get() !== undefined)
    .toSorted();
}

function close(): null {
  for (const database of databases.values()) database.close();
  databases.clear();
  return null;
}
