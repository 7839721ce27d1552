import { hash } from "node:crypto";

import { TauError } from "@tau/core";

import { memoryChanged, memoryExists, memoryTooLarge } from "./memory-errors.ts";

/** A file of a memory, as a listing tells of it. */
export interface MemoryEntry {
  readonly path: string;
  /** Of the UTF-8 text. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Another one after every change of the file; says nothing else. */
  readonly stamp: string;
}

/** A file of a memory. */
export interface MemoryFile {
  readonly path: string;
  readonly text: string;
  /** What a write names that is meant for this content only; see {@link etagOf}. */
  readonly etag: string;
}

/** What a write expects to find. */
export interface MemoryPrecondition {
  /** The etag of what it replaces, or null for nothing at all. Absent: whatever is there. */
  readonly ifMatch?: string | null;
}

/**
 * The files of one tenant's memory.
 *
 * Contract, checked by `describeMemoryStore()` from `@tau/memory/testing`:
 * - Paths are as `memoryPathNames` takes them; other ones throw `memory.invalid_path`.
 * - A write happens whole or not at all, is durable when it resolves, and is seen by every later read, also of other
 *   stores on the same data. Of writes with the same `ifMatch` one succeeds; the others throw `memory.changed` (`memory.exists`
 *   where nothing was expected) and change nothing.
 * - No name is both a file and a folder, and no two names differ only in case: `memory.exists`.
 * - Texts are well-formed and without NUL, else `memory.not_text`; at most {@link memoryLimits}, else `memory.too_large`.
 */
export interface MemoryStore {
  /** The files below a prefix (empty, or with a `/` at its end), ordered by the code units of their paths. */
  list(prefix: string, signal: AbortSignal): Promise<readonly MemoryEntry[]>;
  /** Throws `memory.not_found`, `memory.refused_file`. */
  load(path: string, signal: AbortSignal): Promise<MemoryFile>;
  /** Answers the new etag. Throws `memory.changed`, `memory.exists`, `memory.busy`. */
  save(path: string, text: string, condition: MemoryPrecondition, signal: AbortSignal): Promise<string>;
  /** Throws `memory.not_found`, `memory.changed`, `memory.busy`. */
  delete(path: string, condition: MemoryPrecondition, signal: AbortSignal): Promise<void>;
  /** Never overwrites. Throws `memory.not_found`, `memory.exists`, `memory.busy`. */
  rename(from: string, to: string, signal: AbortSignal): Promise<void>;
}

/** What one memory holds at most. */
export const memoryLimits = { fileBytes: 262_144, files: 10_000 } as const;

/** The etag of a text: its SHA-256 in 64 hexadecimal digits, so it is the same in every store. */
export function etagOf(text: string): string {
  return hash("sha256", text, "hex");
}

/** Checks what is to be kept. @throws TauError `memory.not_text`, `memory.too_large` */
export function assertMemoryText(path: string, text: string): void {
  if (!text.isWellFormed() || text.includes("\0"))
    throw new TauError(
      "memory.not_text",
      `${JSON.stringify(path)} is not text in well-formed Unicode without NUL, which is all that a memory keeps.`,
    );
  const bytes = Buffer.byteLength(text);
  if (bytes > memoryLimits.fileBytes)
    throw memoryTooLarge(
      `${JSON.stringify(path)} (${bytes} bytes)`,
      `${memoryLimits.fileBytes} bytes a file`,
    );
}

/** Checks what a write found: the text, or undefined for no file. @throws TauError `memory.changed`, `memory.exists` */
export function assertExpected(
  path: string,
  found: string | undefined,
  { ifMatch }: MemoryPrecondition,
): void {
  if (ifMatch === undefined) return;
  if (ifMatch === null && found !== undefined) throw memoryExists(path);
  if (ifMatch !== null && (found === undefined || etagOf(found) !== ifMatch)) throw memoryChanged(path);
}
