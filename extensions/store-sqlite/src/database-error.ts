/** A failure on its way from the database thread to the caller. */
export class DatabaseError extends Error {
  readonly code: string;
  /** The version that a conflicting append found. */
  readonly version: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { readonly version?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "DatabaseError";
    this.code = code;
    this.version = options.version;
  }
}

// Primary result codes of SQLite (sqlite.org/rescode.html).
const corrupt = 11;
const notADatabase = 26;

/** Says what a failure of SQLite means to the caller; the file's path stays in the cause. */
export function toDatabaseError(error: unknown, tenant: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const result = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  if (result === corrupt || result === notADatabase) {
    return new DatabaseError(
      "store.corrupt",
      `The file of tenant "${tenant}" is damaged or is not a database; it was left as it is. Restore it from a backup.`,
      { cause: error },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new DatabaseError(
    "journal.unavailable",
    `The data of tenant "${tenant}" could not be written or read (${reason}); nothing was acknowledged. Free space or repair the disk, then try again.`,
    { cause: error },
  );
}
