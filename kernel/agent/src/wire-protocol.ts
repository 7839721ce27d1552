import type { AnswerDecoder } from "./answer-decoder.ts";
import type { Framing } from "./framing.ts";
import type { HttpLimits } from "./http/http-transport.ts";
import type { ModelRequest } from "./model.ts";
import type { ErrorReading, ProviderFailure } from "./provider-error.ts";

/** What differs between wire protocols. */
export interface WireProtocol {
  readonly url: URL;
  /** Where a whole answer is asked for, of a protocol whose `writeBody` heeds `delivery`. Default: it streams all the same. */
  readonly wholeUrl?: URL;
  /** What proves who asks, and what the protocol demands; a signature may need all of the request, which is final. */
  readonly headersFor: (key: string | undefined, request: UnprovenRequest) => WireHeaders;
  readonly writeBody: (request: ModelRequest) => string;
  readonly framing: Framing;
  /** Reads an error answer, or an error event (status 200, no headers), where the general rules do not suffice. */
  readonly readError?: (answer: ErrorAnswer) => ErrorReading;
  /** `toError` makes the error of an error event inside the stream. */
  readonly createDecoder: (toError: (body: string) => Error) => AnswerDecoder;
}

/** An answer that is an error. */
export type ErrorAnswer = Pick<ProviderFailure, "status" | "headers" | "body">;

/** A request without what proves who asks. */
export interface UnprovenRequest {
  readonly url: URL;
  readonly body: string;
  /** The content type that is asked for, in lower case. */
  readonly accept: string;
  readonly signal: AbortSignal;
}

/** Request headers by lower-case name, at once or later. */
type WireHeaders = Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

/** Limits of one model call. */
export interface ModelLimits extends HttpLimits {
  /** Bytes of one event of the stream. Default 16 MiB. */
  readonly maxEventBytes?: number;
  /** Bytes of a whole answer. Default 128 MiB. */
  readonly maxResponseBytes?: number;
}
