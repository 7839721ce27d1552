import type { Refusal } from "./protocol.ts";

/** A failure on its way from the database thread to the caller. */
export class DatabaseError extends Error implements Refusal {
  readonly code: string;
  readonly stream: string | undefined;
  readonly version: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { readonly stream?: string; readonly version?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "DatabaseError";
    this.code = code;
    this.stream = options.stream;
    this.version = options.version;
  }
}

// Primary result codes of SQLite (sqlite.org/rescode.html), and what to do about them.
const busy = 5;
const corrupt = 11;
const notADatabase = 26;
const reasons: ReadonlyMap<number, string> = new Map([
  [3, "access to the file is denied; give this user the right to write it"],
  [busy, "another process kept it locked; end that process if it hangs"],
  [7, "memory ran out"],
  [8, "the file or its folder is read-only; give this user the right to write it"],
  [10, "the disk failed; repair it"],
  [13, "the disk is full; free some space"],
  [14, "the file cannot be opened; look at its folder's permissions"],
]);

/** Says what a failure means to the caller; the host's paths and SQLite's own words stay in the cause. */
export function toRefusal(error: unknown, tenant: string): Refusal {
  if (error instanceof DatabaseError) {
    const { code, message, stream, version, cause } = error;
    return { code, message, stream, version, cause };
  }
  const result = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  if (result === corrupt || result === notADatabase) {
    return {
      code: "store.corrupt",
      message: `The file of tenant "${tenant}" is damaged or is not a database; it was left as it is. Restore it from a backup.`,
      cause: error,
    };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "an unexpected error";
  return {
    code: "journal.unavailable",
    message: `The data of tenant "${tenant}" could not be read or written (${reasons.get(result) ?? code}). Nothing was acknowledged; try again afterwards.`,
    cause: error,
  };
}
