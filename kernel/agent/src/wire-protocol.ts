import type { AnswerDecoder } from "./answer-decoder.ts";
import type { HttpLimits } from "./http/http-transport.ts";
import type { ModelRequest } from "./model.ts";

/** What differs between wire protocols. */
export interface WireProtocol {
  readonly url: URL;
  readonly headersFor: (key: string | undefined) => Readonly<Record<string, string>>;
  readonly writeBody: (request: ModelRequest) => string;
  /** `toError` makes the error of an error event inside the stream. */
  readonly createDecoder: (toError: (body: string) => Error) => AnswerDecoder;
}

/** Limits of one model call. */
export interface ModelLimits extends HttpLimits {
  /** Bytes of one event of the stream. Default 16 MiB. */
  readonly maxEventBytes?: number;
  /** Bytes of a whole answer. Default 128 MiB. */
  readonly maxResponseBytes?: number;
}
