import type { ResponseHeaders } from "../retry-after.ts";

/** One answer, pulled by its reader: all chunks that arrived since the last read, then the next ones. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;

  /**
   * Takes all bytes that are there, and waits for some only when there are none; `undefined` at the end.
   *
   * @throws what undici or the socket said, or the reason of the abort; a promise rejects with it
   */
  read(): Promise<readonly Buffer[] | undefined> | readonly Buffer[] | undefined;

  /** Reads the rest as text, at most `limitBytes` of it, and gives the connection up if there is more. */
  text(limitBytes: number): Promise<string>;

  /** The answer is no longer needed, but its connection may be. */
  release(): void;

  /** Closes the socket. */
  cancel(): void;
}

/** What {@link HttpResponse.text} does, for those who implement it. */
export async function readText(response: HttpResponse, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < limitBytes) {
    const next = await response.read();
    if (next === undefined) break;
    for (const chunk of next) size += chunks.push(chunk) && chunk.length;
  }
  response.release();
  return Buffer.concat(chunks).toString("utf8", 0, Math.min(size, limitBytes));
}
