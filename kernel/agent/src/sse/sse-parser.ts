import { EventTooLargeError } from "../event-too-large.ts";

/** One server-sent event. */
export interface SseEvent {
  /** The event's name; empty when it has none. */
  readonly name: string;
  /** Its data lines, joined by line feeds. */
  readonly data: string;
  /** The text it was read from, when it arrived whole: `text.slice(start, end)`; else `start` is -1. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Receives the events of a {@link SseParser}, in order, while bytes are pushed. */
export interface SseSink {
  event(event: SseEvent): void;
  /**
   * May read the event that begins at `offset` of `text` by itself, and answers the offset behind it; -1
   * leaves it to the parser. Called only where an event begins.
   */
  shortcut(text: string, offset: number): number;
}

/** Receives the lines that are no field of an event; not comments. */
export type UnknownLines = (line: string) => void;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Parses `text/event-stream` (WHATWG HTML §9.2.6) out of bytes cut anywhere.
 *
 * Only whole lines are decoded, so no character is ever cut; what remains of a line waits as bytes.
 * An event without its closing blank line is never delivered. `id` and `retry` are ignored: model
 * providers have no resumable streams.
 */
export class SseParser {
  readonly #sink: SseSink;
  readonly #maxEventBytes: number;
  readonly #unknownLine: UnknownLines | undefined;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #eventChars = 0;
  #atStart = true;
  #skipLineFeed = false;
  #name = "";
  #data: string | undefined;
  #clean = true;

  constructor(sink: SseSink, maxEventBytes: number, unknownLine?: UnknownLines) {
    this.#sink = sink;
    this.#maxEventBytes = maxEventBytes;
    this.#unknownLine = unknownLine;
  }

  /** What came of a line that did not end. */
  get rest(): string {
    return Buffer.concat(this.#rest, this.#restBytes).toString("utf8");
  }

  /**
   * Takes the next bytes and delivers every event that they complete.
   *
   * @throws EventTooLargeError
   */
  push(chunks: readonly Buffer[]): void {
    const last = chunks.at(-1);
    if (last === undefined) return;
    const lineEnd = lastLineEnd(last);
    // Usual case: the bytes end with a line.
    if (lineEnd > 0 && lineEnd === last.length && this.#restBytes === 0) {
      this.#lines(chunks.length === 1 ? last.toString("utf8") : textOf(chunks));
      return;
    }
    this.#pushUneven(chunks);
  }

  #pushUneven(chunks: readonly Buffer[]): void {
    let lineChunk = chunks.length - 1;
    let lineEnd = -1;
    for (; lineChunk >= 0; lineChunk--) {
      const chunk = chunks[lineChunk];
      lineEnd = chunk === undefined ? 0 : lastLineEnd(chunk);
      if (lineEnd > 0) break;
    }
    for (const [index, chunk] of chunks.entries()) {
      if (index !== lineChunk) {
        this.#keep(chunk);
        continue;
      }
      this.#keep(chunk.subarray(0, lineEnd));
      const text = Buffer.concat(this.#rest, this.#restBytes).toString("utf8");
      this.#rest = [];
      this.#restBytes = 0;
      this.#lines(text);
      this.#keep(chunk.subarray(lineEnd));
    }
    if (this.#restBytes + this.#eventChars > this.#maxEventBytes) this.#tooLarge();
  }

  #keep(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
  }

  /** Reads `text`, which ends with a line end. */
  #lines(text: string): void {
    let offset = this.#atStart && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#atStart = false;
    // The CR of a CRLF ended the bytes before these.
    if (this.#skipLineFeed && text.charCodeAt(offset) === lineFeed) offset++;
    this.#skipLineFeed = text.charCodeAt(text.length - 1) === carriageReturn;
    const hasReturns = text.includes("\r");
    let eventStart = this.#clean ? offset : -1;
    while (offset < text.length) {
      if (this.#clean) {
        const behind = this.#sink.shortcut(text, offset);
        if (behind > offset) {
          offset = behind;
          continue;
        }
        eventStart = offset;
      }
      let end = text.indexOf("\n", offset);
      let next = end + 1;
      if (hasReturns || end === -1) {
        const back = text.indexOf("\r", offset);
        if (back !== -1 && (end === -1 || back < end)) {
          end = back;
          next = text.charCodeAt(back + 1) === lineFeed ? back + 2 : back + 1;
        }
      }
      if (end === offset) this.#dispatch(text, eventStart, next);
      else this.#line(text, offset, end);
      offset = next;
    }
  }

  #line(text: string, start: number, end: number): void {
    this.#clean = false;
    const colon = text.indexOf(":", start);
    if (colon === start) return;
    const fieldEnd = colon === -1 || colon > end ? end : colon;
    let valueStart = Math.min(fieldEnd + 1, end);
    if (text.charCodeAt(valueStart) === 0x20 && valueStart < end) valueStart++;
    const field = text.slice(start, fieldEnd);
    if (field === "data") {
      const value = text.slice(valueStart, end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      this.#eventChars += value.length;
      if (this.#eventChars > this.#maxEventBytes) this.#tooLarge();
    } else if (field === "event") {
      this.#name = text.slice(valueStart, end);
    } else if (field !== "id" && field !== "retry") {
      this.#unknownLine?.(text.slice(start, end));
    }
  }

  #dispatch(text: string, start: number, end: number): void {
    const data = this.#data;
    const name = this.#name;
    this.#data = undefined;
    this.#name = "";
    this.#eventChars = 0;
    this.#clean = true;
    if (data !== undefined) this.#sink.event({ name, data, text, start, end });
  }

  #tooLarge(): never {
    throw new EventTooLargeError(this.#maxEventBytes);
  }
}

/** Where chunks are put together to be decoded: making a buffer for each read costs more than filling it. */
let joined: Buffer | undefined;
const joinedBytes = 65_536;

function textOf(chunks: readonly Buffer[]): string {
  let bytes = 0;
  for (const { length } of chunks) bytes += length;
  if (bytes > joinedBytes) return Buffer.concat(chunks).toString("utf8");
  joined ??= Buffer.allocUnsafeSlow(joinedBytes);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined.toString("utf8", 0, bytes);
}

/** The offset behind the last CR or LF, 0 when there is none. */
function lastLineEnd(bytes: Buffer): number {
  const last = bytes[bytes.length - 1];
  if (last === lineFeed || last === carriageReturn) return bytes.length;
  return Math.max(bytes.lastIndexOf(lineFeed), bytes.lastIndexOf(carriageReturn)) + 1;
}
