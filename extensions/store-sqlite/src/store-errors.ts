import { TauError } from "@tau/core";

import type { Refusal } from "./protocol.ts";

const passing = new Set(["journal.unavailable", "journal.conflict", "store.overloaded"]);

/** Makes the caller's error of what the database thread refused. */
export function toTauError({ code, message, stream, version, cause }: Refusal): TauError {
  return new TauError(code, message, {
    class: passing.has(code) ? "retryable" : "permanent",
    ...(version === undefined ? {} : { details: { stream: stream ?? "", actualVersion: version } }),
    ...(cause === undefined ? {} : { cause }),
  });
}

export function threadEnded(cause: unknown): Refusal {
  return {
    code: "store.thread_ended",
    message:
      "The thread that owns the databases ended; what was not acknowledged may be written or not. Open the store again, and read before you append.",
    cause,
  };
}

export function notAnswering(waitedMs: number): Refusal {
  return {
    code: "store.not_answering",
    message: `The database thread did not end within ${waitedMs} ms; what was not acknowledged may be written or not. Look whether the disk hangs, or another process that uses the store.`,
  };
}

export function overloaded(): Refusal {
  return {
    code: "store.overloaded",
    message: "Too much is waiting for the disk; nothing of this call was written. Wait, then try again.",
  };
}

export function tooLarge(what: string, limit: string): Refusal {
  return {
    code: "store.too_large",
    message: `${what} is larger than ${limit}; store it in parts.`,
  };
}
