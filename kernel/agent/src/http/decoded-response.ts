import type { Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";

import type { ResponseHeaders } from "../retry-after.ts";
import type { HttpResponse } from "./http-response.ts";
import { readText } from "./http-response.ts";

/** Thrown by {@link DecodedResponse}: its bytes are not what the header says, or nobody knows how to read them. */
class BrokenEncodingError extends Error {
  readonly code = "ENCODING_BROKEN";
}

/** Thrown by {@link DecodedResponse}: a small answer may be a large one. */
class DecodedTooLargeError extends Error {
  readonly code = "RESPONSE_TOO_LARGE";
}

// What is there of a cut answer is given out; its reader knows better than the checksum whether it is whole.
const lenient = { finishFlush: constants.Z_SYNC_FLUSH };

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(lenient),
  "x-gzip": () => createGunzip(lenient),
  deflate: () => createInflate(lenient),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress(),
};

/**
 * Makes an answer readable that came compressed. Nobody asked for that, but gateways do it all the same
 * (RFC 9110 §12.5.3 allows it when a request does not say what it accepts).
 *
 * @throws BrokenEncodingError for an encoding that is none of gzip, deflate, br and zstd
 */
export function decodeResponse(
  inner: HttpResponse,
  { encoding, maxBytes }: { readonly encoding: string; readonly maxBytes: number },
): HttpResponse {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return inner;
  const create = decoders[name];
  if (create !== undefined) return new DecodedResponse(inner, create(), maxBytes);
  inner.cancel();
  throw new BrokenEncodingError("The answer has an encoding that nobody here knows.");
}

/** An answer whose bytes are decompressed as they are read; the limit counts what comes out. */
class DecodedResponse implements HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly #inner: HttpResponse;
  readonly #decoder: Transform;
  #chunks: Buffer[] = [];
  #bytesLeft: number;
  #ended = false;
  #fail: (error: unknown) => void = () => undefined;

  constructor(inner: HttpResponse, decoder: Transform, maxBytes: number) {
    this.status = inner.status;
    const { "content-encoding": _, "content-length": __, ...headers } = inner.headers;
    this.headers = headers;
    this.#inner = inner;
    this.#decoder = decoder;
    this.#bytesLeft = maxBytes;
    decoder.on("data", (chunk: Buffer) => this.#keep(chunk));
    decoder.on("error", (cause) =>
      this.#fail(new BrokenEncodingError("The answer is not encoded as its header says.", { cause })),
    );
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    while (!this.#ended) {
      const raw = await this.#inner.read();
      if (raw === undefined) await this.#end();
      else for (const chunk of raw) await this.#write(chunk);
      if (this.#chunks.length > 0) return this.#take();
    }
    return undefined;
  }

  async text(limitBytes: number): Promise<string> {
    return await readText(this, limitBytes);
  }

  release(): void {
    this.#decoder.destroy();
    this.#inner.release();
  }

  cancel(): void {
    this.#decoder.destroy();
    this.#inner.cancel();
  }

  #keep(chunk: Buffer): void {
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft >= 0) this.#chunks.push(chunk);
    else {
      this.#fail(new DecodedTooLargeError("The answer is larger than the limit."));
      this.cancel();
    }
  }

  #take(): readonly Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  async #write(chunk: Buffer): Promise<void> {
    await this.#act((done) => this.#decoder.write(chunk, done));
  }

  async #end(): Promise<void> {
    this.#ended = true;
    await this.#act((done) => this.#decoder.once("end", done).end());
  }

  /** A decoder that was destroyed calls nobody back, nor does one whose data ended before the answer does. */
  async #act(act: (done: () => void) => void): Promise<void> {
    if (this.#decoder.readableEnded) return;
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      act(resolve);
    });
  }
}
