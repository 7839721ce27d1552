/**
 * A process that is made to be killed, quick to start: it does what the database thread does, without the thread.
 * Its appends are large, so that kills also meet checkpoints of the write-ahead log.
 *
 * `node crash-thread-child.test.support.ts <directory>` prints `ack <stream> <version>` for each append.
 */
import { writeSync } from "node:fs";

import type { StreamAppend } from "@tau/runtime";

import { commitBatches } from "./commit.ts";
import { placeAppend } from "./placed-append.ts";
import type { Plain } from "./protocol.ts";
import { read } from "./read-operations.ts";
import { TenantDatabases } from "./tenant-databases.ts";

const [directory = ""] = process.argv.slice(2);
const tenant = "acme";
const databases = new TenantDatabases(directory, 10_000);
const streams = ["session/1", "session/2", "session/3"];
// Written together, so they stay equally long.
const pair = ["pair/1", "pair/2"];
const versions = new Map([...streams, ...pair].map((stream) => [stream, versionOf(stream)]));

function versionOf(stream: string): number {
  const database = databases.forReading(tenant);
  return database === undefined ? 0 : Number(read(database, { op: "version", tenant, stream }));
}

function appendOf(stream: string, count: number): StreamAppend {
  const expectedVersion = versions.get(stream) ?? 0;
  const parts = Array.from({ length: count }, (_, part) => part + 1);
  const events = parts.map((part) => {
    const body = `${expectedVersion + part} ${part}/${count} ${"x".repeat(3_000 * part)}`;
    return { type: "filler", version: 1, at: 0, body };
  });
  return { id: { tenant, stream }, expectedVersion, events };
}

for (let round = 1; ; round++) {
  const count = 1 + (round % 3);
  const appends: [number, ...Plain[]] = [round];
  for (const stream of streams) placeAppend(appends, [appendOf(stream, count)]);
  const together = pair.map((stream) => appendOf(stream, count));
  placeAppend(appends, together);
  const [outcome] = commitBatches(databases, [{ id: round, kind: "writes", appends, operations: [] }]);
  if (outcome?.refused.size !== 0) throw new Error(JSON.stringify([...(outcome?.refused ?? [])]));
  for (const stream of [...streams, ...pair]) {
    const version = (versions.get(stream) ?? 0) + count;
    versions.set(stream, version);
    writeSync(1, `ack ${stream} ${version}\n`);
  }
}
