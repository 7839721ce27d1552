import type { HttpRequest, HttpTransport } from "../http/http-transport.ts";
import { sharedHttpTransport } from "../http/http-transport.ts";
import { headerOf } from "../retry-after.ts";
import { cassetteError } from "./cassette-error.ts";
import { CassetteWriter } from "./cassette-writer.ts";
import type { RecordOptions } from "./cassette-writer.ts";
import { toRecordedChunk } from "./entry.ts";
import type { HttpEntry, RecordedEnd } from "./entry.ts";
import { toFailure } from "./failure.ts";
import { isOpenAnswerHeader, openRequestHeaders, openUrl, secretsOf } from "./known-secrets.ts";
import { RecordedResponse } from "./recorded-response.ts";
import type { AnswerRecord } from "./recorded-response.ts";
import { createRedactor } from "../redaction/redactor.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { toQuestion } from "./request-key.ts";

/** Options of {@link recordTransport}. */
export interface RecordTransportOptions extends RecordOptions {
  /** What sends the requests. Default: the one that all adapters share. */
  readonly transport?: HttpTransport;
}

/**
 * Makes a transport that writes down every request and its answer, byte for byte, with the borders of the
 * chunks; give it to an adapter as `transport`. Dispose of it to be sure that everything is written; the
 * transport inside is left alone.
 *
 * Keys, cookies and other secrets are cut out of requests and answers before anything is written.
 *
 * @throws TauError `cassette.exists`, `cassette.write_failed`, `cassette.invalid`
 */
export async function recordTransport(options: RecordTransportOptions): Promise<HttpTransport> {
  const { transport = sharedHttpTransport(), secrets = [] } = options;
  const writer = await CassetteWriter.open(options);
  const open = new Set<RecordedResponse>();

  return {
    async post(request, signal) {
      writer.check();
      const redactor = createRedactor([...secrets, ...secretsOf(request)]);
      const asked = toRecordedRequest(request, redactor);
      const entry = Promise.withResolvers<HttpEntry>();
      writer.add(entry.promise);
      try {
        const response = new RecordedResponse(await transport.post(request, signal), signal);
        open.add(response);
        entry.resolve(
          response.record.then((record) => {
            open.delete(response);
            return { kind: "http", request: asked, ...toRecordedAnswer(response, record, redactor) };
          }),
        );
        return response;
      } catch (error) {
        const end = signal.aborted ? "aborted" : toEnd({ failed: toFailure(error) }, redactor);
        entry.resolve({ kind: "http", request: asked, end });
        throw error;
      }
    },

    async [Symbol.asyncDispose]() {
      for (const response of open) response.abandon();
      await writer[Symbol.asyncDispose]();
    },
  };
}

function toRecordedRequest({ url, headers, body }: HttpRequest, redactor: Redactor): HttpEntry["request"] {
  const contentType = headers["content-type"] ?? "";
  const question = toQuestion({ url, contentType, body }, (text) => redactor.redact(text));
  if ("base64" in question.body) refuseSecrets(redactor, Buffer.from(question.body.base64, "base64"));
  return {
    url: redactor.redact(openUrl(url)),
    headers: openRequestHeaders(headers),
    body: question.body,
  };
}

function toRecordedAnswer(
  { status, headers }: Pick<RecordedResponse, "status" | "headers">,
  record: AnswerRecord,
  redactor: Redactor,
): Pick<HttpEntry, "response" | "end"> {
  const chunks = record.reads.flat();
  const isText = /text|json/.test(headerOf(headers, "content-type") ?? "text");
  if (!isText) refuseSecrets(redactor, Buffer.concat(chunks));
  const clean = isText ? redactor.redactChunks(chunks, record.end !== "complete") : chunks;
  let next = 0;
  const reads = record.reads.map((read) =>
    clean.slice(next, (next += read.length)).filter(({ length }) => length > 0),
  );
  return {
    response: {
      status,
      headers: openAnswerHeaders(headers, clean === chunks ? undefined : sizeOf(clean), redactor),
      reads: reads.filter(({ length }) => length > 0).map((read) => read.map(toRecordedChunk)),
    },
    end: toEnd(record.end, redactor),
  };
}

/** Cutting bytes out of a binary answer would break its checksums and lengths. */
function refuseSecrets(redactor: Redactor, bytes: Uint8Array): void {
  if (!redactor.holdsSecret(bytes)) return;
  throw cassetteError(
    "cassette.secret_left",
    "A secret stands in bytes that are no text, where it cannot be cut out. The exchange is not recorded.",
  );
}

function openAnswerHeaders(
  headers: RecordedResponse["headers"],
  newSize: number | undefined,
  redactor: Redactor,
): Record<string, string | readonly string[]> {
  const open: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !isOpenAnswerHeader(name)) continue;
    open[name] =
      typeof value === "string" ? redactor.redact(value) : value.map((one) => redactor.redact(one));
  }
  if (newSize !== undefined && "content-length" in open) open["content-length"] = String(newSize);
  return open;
}

function toEnd(end: RecordedEnd, redactor: Redactor): RecordedEnd {
  if (typeof end === "string") return end;
  return { failed: { ...end.failed, message: redactor.redact(end.failed.message) } };
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((size, chunk) => size + chunk.length, 0);
}
