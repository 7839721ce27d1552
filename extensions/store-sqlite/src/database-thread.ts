/**
 * The thread that owns the databases: the main thread's event loop never waits for a disk.
 *
 * Everything that arrived while a transaction was being made durable goes into the next one, so that one fsync
 * serves many sessions. It loads nothing but what it needs: a thread should start quickly.
 */
import { parentPort, receiveMessageOnPort } from "node:worker_threads";

import { commitBatches } from "./commit.ts";
import { toRefusal } from "./database-error.ts";
import { readPrefixes } from "./prefix-operations.ts";
import { isWrite } from "./protocol.ts";
import type { Batch, Message, Operation, Outcome, Reply } from "./protocol.ts";
import { nothing, read } from "./read-operations.ts";
import { TenantDatabases } from "./tenant-databases.ts";

const port = parentPort;
if (port === null) throw new TypeError("database-thread.ts runs as a worker only.");
let databases: TenantDatabases | undefined;

port.on("message", (first: Message) => {
  const batches = [toBatch(first)];
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    batches.push(toBatch(more.message));
  }
  const writes = batches.filter(({ kind }) => kind === "writes");
  // Acknowledged before anything is read: whoever wrote waits for the disk only.
  if (writes.length > 0) {
    commitBatches(store(), writes).forEach(({ refused, outcomes }, index) => {
      reply({ id: writes[index]?.id ?? 0, kind: "writes", refused, outcomes });
    });
  }
  for (const { id, kind, operations } of batches) {
    if (kind === "reads") reply({ id, kind, refused: new Map(), outcomes: operations.map(answer) });
  }
});

function toBatch(message: Message): Batch {
  if ("kind" in message) return message;
  return { id: message[0], kind: "writes", appends: message, operations: [] };
}

function reply(message: Reply): void {
  if (message.refused.size === 0 && message.outcomes.length === 0) {
    port?.postMessage(message.id);
    return;
  }
  const bodies = message.outcomes.flatMap((outcome) =>
    "answer" in outcome && outcome.answer instanceof Uint8Array ? [outcome.answer.buffer] : [],
  );
  port?.postMessage(message, bodies);
}

function store(): TenantDatabases {
  if (databases === undefined) throw new TypeError("The store was not opened.");
  return databases;
}

function answer(operation: Operation): Outcome {
  try {
    return { answer: look(operation) };
  } catch (error) {
    return { refusal: toRefusal(error, "tenant" in operation ? operation.tenant : "") };
  }
}

function look(operation: Operation): Extract<Outcome, { readonly answer: unknown }>["answer"] {
  if (isWrite(operation)) throw new TypeError(`"${operation.op}" is not a read.`);
  switch (operation.op) {
    case "open":
      databases = new TenantDatabases(operation.directory, operation.lockTimeoutMs);
      return null;
    case "tenants":
      return store().tenants();
    case "prefixes":
      return store().folders().flatMap(prefixesOf);
    case "foreign_versions":
      return operation.tenants.map(foreignVersion);
    case "close":
      store().close();
      databases = undefined;
      return null;
    default: {
      const database = store().forReading(operation.tenant);
      return database === undefined ? nothing[operation.op] : read(database, operation);
    }
  }
}

/** A file that cannot be read has none to tell: its own operations tell of that. */
function prefixesOf(tenant: string): readonly string[] {
  try {
    const database = store().forReading(tenant);
    return database === undefined ? [] : readPrefixes(database);
  } catch {
    return [];
  }
}

function foreignVersion(tenant: string): number {
  try {
    return store().forReading(tenant)?.foreignVersion() ?? 0;
  } catch {
    return -1;
  }
}
