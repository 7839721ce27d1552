/** Remembers, by content hash, which version of each file the model has seen. */
export interface FileLedger {
  /** SHA-256 of the content last shown to or written by the model; undefined when it never saw the file. */
  seen(path: string): string | undefined;
  record(path: string, sha256: string): void;
}

/** Makes an empty {@link FileLedger} that lives in memory. */
export function createFileLedger(): FileLedger {
  const hashes = new Map<string, string>();
  return {
    seen: (path) => hashes.get(path),
    record: (path, sha256) => {
      hashes.set(path, sha256);
    },
  };
}
