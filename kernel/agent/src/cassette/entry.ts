import type { ErrorInfo, Json, JsonObject, ModelEvent } from "@tau/core";

/** The first line of every cassette. A reader refuses versions that it does not know. */
export const cassetteHeader = { tau: "cassette", version: 1 } as const;

/** A request body: JSON where it is, else text, else bytes. */
export type RecordedBody = { readonly json: Json } | { readonly text: string } | { readonly base64: string };

/** One chunk of an answer: text, or bytes that are no text by themselves (a border inside a character). */
export type RecordedChunk = string | { readonly base64: string };

/**
 * How the recording of an answer ended: whole; because its reader left between two reads, or gave up while
 * it waited; or because the connection failed, told by what is left of the error.
 */
export type RecordedEnd = "complete" | "left" | "aborted" | { readonly failed: RecordedFailure };

/** An error of the connection. `code` is what the adapters go by. */
export interface RecordedFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** One request over HTTP and its answer. */
export interface HttpEntry {
  readonly kind: "http";
  readonly request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: RecordedBody;
  };
  /** Absent when the connection failed before the answer's head. */
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    /** What each read brought. */
    readonly reads: readonly (readonly RecordedChunk[])[];
  };
  readonly end: RecordedEnd;
}

/** One call of a model and what it yielded. */
export interface ModelEntry {
  readonly kind: "model";
  readonly model: { readonly provider: string; readonly id: string };
  readonly request: JsonObject;
  readonly batches: readonly (readonly ModelEvent[])[];
  readonly end: "complete" | "left" | "aborted" | { readonly failed: RecordedError };
}

/** The error that a model threw. */
export type RecordedError = ErrorInfo & { readonly details: JsonObject };

/** A line of a cassette after the first. */
export type CassetteEntry = HttpEntry | ModelEntry;

/** Writes a chunk so that reading it gives the same bytes. */
export function toRecordedChunk(chunk: Uint8Array): RecordedChunk {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString("base64") };
}

/** Reads a chunk back. */
export function toChunk(recorded: RecordedChunk): Buffer {
  return typeof recorded === "string" ? Buffer.from(recorded) : Buffer.from(recorded.base64, "base64");
}
