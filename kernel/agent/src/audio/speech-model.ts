import type { CallContext } from "@tau/core";

/** How speech is encoded; `pcm` is 16-bit little-endian at the model's own rate. */
export type SpeechFormat = "mp3" | "opus" | "aac" | "flac" | "wav" | "pcm";

/** A text to speak. */
export interface SpeechRequest {
  readonly text: string;
  /** The provider's name of the voice. */
  readonly voice: string;
  /** Default `mp3`. */
  readonly format?: SpeechFormat;
  /** 1 is normal. */
  readonly speed?: number;
  /** How to speak, where the model takes it. */
  readonly instructions?: string;
}

/**
 * One provider's model that speaks.
 *
 * - Yields the bytes of one file as they arrive. An answer that was cut short throws.
 * - Aborting `context.signal` closes the socket and throws `signal.reason`; returning early closes it too.
 * - It never retries; it throws `TauError` of this package.
 */
export interface SpeechModel {
  readonly provider: string;
  readonly id: string;
  speak(request: SpeechRequest, context: CallContext): AsyncIterable<Uint8Array>;
}
