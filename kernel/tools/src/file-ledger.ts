import { RareMap } from "@tau/core";

/** Remembers, by content hash, which version of each file the model has seen. */
export interface FileLedger {
  /** SHA-256 of the content last shown to or written by the model; undefined when it never saw the file. */
  seen(path: string): string | undefined;
  /** The fingerprints of that version's lines, if they were recorded; see `record`. */
  seenLines(path: string): Float64Array | undefined;
  /**
   * Notes that the model knows this version of a file.
   *
   * `lines` has one number for each line; with them `edit` can tell whether a change made elsewhere touched
   * the place it edits.
   */
  record(path: string, sha256: string, lines?: Float64Array): void;
}

/** Line fingerprints are kept for this many files, the most recently recorded ones: at most a few megabytes. */
const maxFilesWithLines = 500;

/** Makes an empty {@link FileLedger} that lives in memory. */
export function createFileLedger(): FileLedger {
  return new MemoryFileLedger();
}

/** A class, because every session that is kept has one, and closures would be most of it. */
class MemoryFileLedger implements FileLedger {
  readonly #hashes = new RareMap<string, string>();
  #lines: Map<string, Float64Array> | undefined;

  seen(path: string): string | undefined {
    return this.#hashes.get(path);
  }

  seenLines(path: string): Float64Array | undefined {
    return this.#lines?.get(path);
  }

  record(path: string, sha256: string, lines?: Float64Array): void {
    this.#hashes.set(path, sha256);
    this.#lines?.delete(path);
    if (lines === undefined) return;
    this.#lines ??= new Map();
    this.#lines.set(path, lines);
    const oldest = this.#lines.keys().next().value;
    if (this.#lines.size > maxFilesWithLines && oldest !== undefined) this.#lines.delete(oldest);
  }
}
