/** Codes of the failures this package throws, beside those of the ports. */
export const storeSqliteErrorCodes = {
  "content.corrupt":
    "Stored content does not have the hash it was stored under: the file was damaged. Restore the tenant's file from a backup.",
  "store.corrupt":
    "A tenant's file is damaged, or is not a database of Tau. It is left as it is. Restore it from a backup.",
  "store.newer_schema": "A tenant's file was written by a newer Tau. Use that version, or a newer one.",
} as const;
