import { TauError } from "@tau/core";

/** Takes the next bytes of a stream. */
export type ChunkListener = (chunk: Uint8Array) => void;

const headerBytes = 8;

/**
 * Splits the stream of an attached command without a terminal: frames of a header (the stream's number, three zeros, the
 * length in four bytes) and a payload. Payloads are handed on as they come, however long their frame is.
 *
 * What it returns throws `container.engine_failed` for bytes that are no such stream.
 */
export function demultiplex(
  onPayload: (chunk: Uint8Array, stream: "stdout" | "stderr") => void,
): ChunkListener {
  const header = Buffer.alloc(headerBytes);
  let filled = 0;
  let left = 0;
  let stream: "stdout" | "stderr" = "stdout";

  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const part = rest.subarray(0, headerBytes - filled);
        header.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < headerBytes) return;
        filled = 0;
        stream = streamOf(header);
        left = header.readUInt32BE(4);
      } else {
        const part = rest.subarray(0, left);
        left -= part.length;
        rest = rest.subarray(part.length);
        onPayload(part, stream);
      }
    }
  };
}

function streamOf(header: Buffer): "stdout" | "stderr" {
  const [kind, ...zeros] = header.subarray(0, 4);
  if (kind !== undefined && kind <= 2 && zeros.every((byte) => byte === 0))
    return kind === 2 ? "stderr" : "stdout";
  throw new TauError("container.engine_failed", "The container engine sent a stream that is none.");
}
