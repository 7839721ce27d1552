import { TauError } from "@tau/core";

import type { StreamId } from "./journal.ts";

/** Makes the error of an append whose `expectedVersion` is not the stream's. */
export function journalConflict(id: StreamId, expected: number, actual: number): TauError {
  return new TauError(
    "journal.conflict",
    `stream "${id.stream}" has version ${actual}, not the expected ${expected}: somebody else appended. Read the new events, decide again, append again.`,
    { class: "retryable", details: { stream: id.stream, expectedVersion: expected, actualVersion: actual } },
  );
}

/** Makes the error of a call to a journal, content store or lease table that was closed. */
export function journalClosed(): TauError {
  return new TauError("journal.closed", "The journal was closed; open it again to go on.");
}
