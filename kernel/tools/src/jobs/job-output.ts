import { createOutputCollector } from "../builtin/output-collector.ts";
import type { OutputCollector } from "../builtin/output-collector.ts";
import { plainText } from "../builtin/plain-text.ts";

/** A part of a process's output. */
export interface OutputPage {
  /** As a person would read it. */
  readonly text: string;
  /** Bytes from the beginning up to the end of this part: where to read on. */
  readonly cursor: number;
  /** Whether there is more already. */
  readonly more: boolean;
}

// Of a longer output the middle is dropped, also from the artifact: one process holds at most 12 MB.
const headBytes = 2_000_000;
const tailBytes = 5_000_000;

/** What a process printed, both streams as they came, within a bound. */
export interface JobOutput extends Pick<OutputCollector, "add" | "size"> {
  /** All that is kept. */
  whole(): string;
  /** At most `maxBytes` from `cursor` on; cut between characters. What was dropped is skipped, and the text says so. */
  page(cursor: number, maxBytes: number): OutputPage;
}

/** Makes a {@link JobOutput}. */
export function createJobOutput(): JobOutput {
  const collector = createOutputCollector(headBytes, tailBytes);
  return {
    get size() {
      return collector.size;
    },
    add: (chunk) => collector.add(chunk),
    whole: () => plainText(collector.toText()),
    page(cursor, maxBytes) {
      const { bytes, from } = collector.read(cursor, maxBytes);
      const whole = from + bytes.byteLength < collector.size ? wholeCharacters(bytes) : bytes;
      const end = from + whole.byteLength;
      const dropped = from - Math.min(cursor, from);
      const note = dropped > 0 ? `[… ${dropped} bytes were dropped …]\n` : "";
      return {
        text: note + plainText(new TextDecoder().decode(whole)),
        cursor: end,
        more: end < collector.size,
      };
    },
  };
}

/** Without the beginning of a character at the end. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= 3 && back < bytes.byteLength; back++) {
    const byte = bytes[bytes.byteLength - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.byteLength - back) : bytes;
  }
  return bytes;
}
