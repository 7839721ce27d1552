import type { CallContext, Usage } from "@tau/core";

/** A recording to write down. */
export interface TranscriptionRequest {
  readonly audio: Uint8Array;
  /** A MIME type such as `audio/wav`. */
  readonly mediaType: string;
  /** The spoken language as ISO 639-1, for example `de`; found out when absent. */
  readonly language?: string;
  /** Words that may occur, or what was said before. */
  readonly prompt?: string;
  /** Which times to tell; not every model knows them. Default none. */
  readonly timings?: "none" | "segments" | "words";
  readonly temperature?: number;
}

/** A word or a segment, with its time from the beginning of the recording in milliseconds. */
export interface TimedText {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What was said. */
export interface Transcript {
  readonly text: string;
  /** As the provider names it. */
  readonly language?: string;
  readonly durationMs?: number;
  /** Empty unless asked for. */
  readonly segments: readonly TimedText[];
  /** Empty unless asked for. */
  readonly words: readonly TimedText[];
  /** Zero for a model that is billed by time. */
  readonly usage: Usage;
}

/**
 * One provider's model that writes down speech. Aborting `context.signal` closes the socket and throws
 * `signal.reason`; it never retries; it throws `TauError` of this package.
 */
export interface TranscriptionModel {
  readonly provider: string;
  readonly id: string;
  transcribe(request: TranscriptionRequest, context: CallContext): Promise<Transcript>;
}
