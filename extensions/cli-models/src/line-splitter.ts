/** Thrown by {@link LineSplitter.push}: a line is longer than the limit. */
class LineTooLongError extends Error {
  readonly code = "CLI_OUTPUT_TOO_LARGE";
}

/** Cuts bytes into lines. Only whole lines are decoded, so no character is ever cut. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #lines: string[] = [];

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** @throws LineTooLongError */
  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      this.#keep(bytes.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
  }

  /** The output ended: what is left is a line, too. */
  end(): void {
    if (this.#restBytes > 0) this.#endLine();
  }

  /** Whole lines since the last call. */
  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.#maxLineBytes) throw new LineTooLongError("A line is longer than the limit.");
    if (bytes.length > 0) this.#rest.push(bytes);
  }

  #endLine(): void {
    this.#lines.push(Buffer.concat(this.#rest).toString("utf8"));
    this.#rest = [];
    this.#restBytes = 0;
  }
}
