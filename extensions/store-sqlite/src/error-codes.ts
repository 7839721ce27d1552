/** Codes of the failures this package throws, beside those of the ports. */
export const storeSqliteErrorCodes = {
  "content.corrupt":
    "Stored content does not have the hash it was stored under: the file was damaged. Restore the tenant's file from a backup.",
  "lease.lost":
    "Another process holds the lease, or it could not be renewed in time. Stop writing; acquire it again to go on.",
  "store.corrupt":
    "A tenant's file is damaged, or is not a database of Tau. It is left as it is. Restore it from a backup.",
  "store.newer_schema": "A tenant's file was written by a newer Tau. Use that version, or a newer one.",
  "store.not_answering":
    "The database thread did not end in time while the store was being closed: the disk hangs, or another process holds its lock. What was not acknowledged may be written or not.",
  "store.overloaded":
    "More is waiting for the disk than the store holds in memory, so nothing of this call was written. Wait, then try again.",
  "store.thread_ended":
    "The thread that owns the databases ended. What was not acknowledged may be written or not. Open the store again and read before appending.",
  "store.too_large":
    "An append or a body is larger than the store takes: 64 Mi characters an append, 256 MiB a body. Put large bodies into the content store, in parts.",
} as const;
