import type { HttpTransport } from "../http/http-transport.ts";
import { openHttpTape } from "./http-tape.ts";
import { secretsOf } from "./known-secrets.ts";
import { createRedactor } from "../redaction/redactor.ts";
import { replayEnd, ReplayedResponse } from "./replayed-response.ts";
import { toQuestion } from "./request-key.ts";

/** Which cassette to play. */
export interface ReplayOptions {
  readonly path: string;
  /** The secrets that were named when it was recorded: a request that holds one finds its answer by them. */
  readonly secrets?: readonly string[];
}

/**
 * Makes a transport that answers from a cassette and never touches the network; give it to the adapter that
 * was recorded, with any key.
 *
 * A request finds its answer by path and body; equal requests get their answers in the order of recording.
 * Answers that were cut, aborted or failed end as they did then.
 *
 * @throws TauError `cassette.invalid`; its `post` throws `cassette.no_match` and `cassette.exhausted`
 */
export async function replayTransport({ path, secrets = [] }: ReplayOptions): Promise<HttpTransport> {
  const tape = await openHttpTape(path);

  return {
    async post(request, signal) {
      signal.throwIfAborted();
      const redactor = createRedactor([...secrets, ...secretsOf(request)]);
      const { url, body } = request;
      const contentType = request.headers["content-type"] ?? "";
      const { response, end } = tape.take(
        toQuestion({ url, contentType, body }, (text) => redactor.redact(text)),
      );
      if (response !== undefined) return new ReplayedResponse({ response, end }, request, signal);
      await replayEnd(end, request.limits.headersMs ?? 300_000, signal);
      throw new Error("The recording has no answer.");
    },

    async [Symbol.asyncDispose]() {},
  };
}
