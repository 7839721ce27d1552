import type { AnswerDecoder } from "./answer-decoder.ts";
import type { Framing } from "./framing.ts";
import type { HttpLimits } from "./http/http-transport.ts";
import type { ModelRequest } from "./model.ts";

/** What differs between wire protocols. */
export interface WireProtocol {
  readonly url: URL;
  /** What proves who asks, and what the protocol demands; a signature may need the body, which is final. */
  readonly headersFor: (key: string | undefined, body: string, signal: AbortSignal) => WireHeaders;
  readonly writeBody: (request: ModelRequest) => string;
  readonly framing: Framing;
  /** `toError` makes the error of an error event inside the stream. */
  readonly createDecoder: (toError: (body: string) => Error) => AnswerDecoder;
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
