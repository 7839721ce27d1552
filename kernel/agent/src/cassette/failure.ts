import type { RecordedFailure } from "./entry.ts";

/** What is kept of an error of the connection. */
export function toFailure(error: unknown): RecordedFailure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const code = codeOf(error);
  return { name: error.name, message: error.message, ...(code === undefined ? {} : { code }) };
}

/** An error of the connection as it was recorded. */
export class RecordedFailureError extends Error {
  readonly code: string | undefined;

  constructor({ name, message, code }: RecordedFailure) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

function codeOf(error: Error): string | undefined {
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : undefined;
}
