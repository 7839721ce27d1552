import type { Framing, WireProtocol } from "@tau/agent/adapter";

import type { ConverseBodyOptions } from "./body-options.ts";
import { ConverseDecoder } from "./converse-decoder.ts";
import { resolveCredentials } from "./credentials.ts";
import type { AwsCredentials } from "./credentials.ts";
import { EventStreamParser } from "./event-stream-parser.ts";
import { readBedrockError } from "./read-error.ts";
import { createConverseBodyWriter } from "./request-body.ts";
import { signRequest } from "./sign-request.ts";

/** Where requests go, who asks, and how bodies are written. */
export interface ConverseProtocolOptions {
  /** Of ConverseStream. */
  readonly url: URL;
  /** Of Converse. */
  readonly wholeUrl: URL;
  readonly region: string;
  /** Asked when there is no API key. */
  readonly credentials: () => Promise<AwsCredentials | undefined>;
  readonly body: ConverseBodyOptions;
}

/** Bedrock ConverseStream, and Converse for whole answers. */
export function createConverseProtocol(options: ConverseProtocolOptions): WireProtocol {
  const { identity } = options.body;
  const framing: Framing = {
    contentType: "application/vnd.amazon.eventstream",
    createParser: (sink, maxEventBytes) => new EventStreamParser(sink, maxEventBytes, identity),
  };

  return {
    url: options.url,
    wholeUrl: options.wholeUrl,
    framing,
    writeBody: createConverseBodyWriter(options.body),
    readError: readBedrockError,
    createDecoder: (toError) => new ConverseDecoder(options.body, toError),
    async headersFor(key, { url, body, accept }) {
      const headers = { "content-type": "application/json", accept };
      if (key !== undefined) return { ...headers, authorization: `Bearer ${key}` };
      const credentials = await resolveCredentials(options.credentials, identity);
      const { region } = options;
      return await signRequest({ url, region, headers, body, at: new Date() }, credentials);
    },
  };
}
