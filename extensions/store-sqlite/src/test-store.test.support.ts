import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { isTauError } from "@tau/core";
import type { JournalEvent, StoredEvent, StreamId } from "@tau/runtime";

import type { SqliteStore } from "./create-sqlite-store.ts";

const compileCache = fileURLToPath(new URL("../../../node_modules/.cache/tau-compile", import.meta.url));

/** A folder that goes with the test. */
export async function testFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "tau-store-"));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

/** An event with this text. */
export function eventOf(body: string, type = "sample"): JournalEvent {
  return { type, version: 1, at: 1_700_000_000_000, body };
}

/** Everything in a stream. */
export async function readAll({ journal }: SqliteStore, id: StreamId): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const batch of journal.read(id, 1, new AbortController().signal)) found.push(...batch);
  return found;
}

/** The code of the `TauError` that `work` rejects with. */
export async function failureOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isTauError(error)) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

/** A tenant's file, opened past the store. */
export function openFile(directory: string, tenant: string): DatabaseSync {
  return new DatabaseSync(join(directory, tenant, "journal.db"));
}

/** Starts a script. */
export function startScript(
  script: URL,
  ...args: readonly string[]
): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, ["--conditions=@tau/source", fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // Children are many, and compile the same files.
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
}
