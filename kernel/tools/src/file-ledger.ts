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
  const hashes = new RareMap<string, string>();
  const lineHashes = new Map<string, Float64Array>();
  return {
    seen: (path) => hashes.get(path),
    seenLines: (path) => lineHashes.get(path),
    record: (path, sha256, lines) => {
      hashes.set(path, sha256);
      lineHashes.delete(path);
      if (lines === undefined) return;
      lineHashes.set(path, lines);
      const oldest = lineHashes.keys().next().value;
      if (lineHashes.size > maxFilesWithLines && oldest !== undefined) lineHashes.delete(oldest);
    },
  };
}
