/** Keeps the output of a command within a bound, whatever the command prints. */
export interface OutputCollector {
  add(chunk: Uint8Array): void;
  /** Bytes received in all. */
  readonly size: number;
  /** Everything kept; where a part had to be dropped, a line says how much. */
  toText(): string;
  /** At most `maxBytes` from byte `from` on, or from the next one that is kept. */
  read(from: number, maxBytes: number): { readonly bytes: Uint8Array; readonly from: number };
}

/** Makes an {@link OutputCollector} that keeps the first `headBytes` and the last `tailBytes`. */
export function createOutputCollector(headBytes: number, tailBytes: number): OutputCollector {
  const head: Uint8Array[] = [];
  let tail: Uint8Array[] = [];
  let headSize = 0;
  let tailSize = 0;
  let size = 0;

  /** Runs when the tail is twice as long as wanted, so that each byte is copied once at most. */
  const trim = (): void => {
    const kept = Buffer.concat(tail).subarray(-tailBytes);
    tail = [Uint8Array.from(kept)];
    tailSize = kept.byteLength;
  };

  return {
    get size() {
      return size;
    },
    add: (chunk) => {
      size += chunk.byteLength;
      const forHead = chunk.subarray(0, headBytes - headSize);
      if (forHead.byteLength > 0) {
        head.push(Uint8Array.from(forHead));
        headSize += forHead.byteLength;
      }
      const forTail = chunk.subarray(forHead.byteLength);
      if (forTail.byteLength === 0) return;
      tail.push(Uint8Array.from(forTail));
      tailSize += forTail.byteLength;
      if (tailSize > tailBytes * 2) trim();
    },
    read: (from, maxBytes) => {
      if (from < headSize) {
        return { from, bytes: Buffer.concat(head).subarray(from, from + maxBytes) };
      }
      const tailStart = size - tailSize;
      const start = Math.min(Math.max(from, tailStart), size);
      return {
        from: start,
        bytes: Buffer.concat(tail).subarray(start - tailStart, start - tailStart + maxBytes),
      };
    },
    toText: () => {
      if (tailSize > tailBytes) trim();
      const dropped = size - headSize - tailSize;
      const decoder = new TextDecoder();
      if (dropped === 0) return decoder.decode(Buffer.concat([...head, ...tail]));
      const end = Buffer.concat(tail);
      return `${decoder.decode(Buffer.concat(head))}\n[… ${dropped} bytes were dropped …]\n${decoder.decode(end.subarray(startOfCharacter(end)))}`;
    },
  };
}

/** A cut may leave the last bytes of a character at the beginning. */
function startOfCharacter(bytes: Uint8Array): number {
  let start = 0;
  while (start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return start;
}
