/** What was read of a body. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Whether there was more. */
  readonly cut: boolean;
}

/**
 * Reads a body up to `maxBytes`, counted after it was unpacked, and lets go of the rest: what is small on the wire may be
 * without end when it is unpacked.
 */
export async function readBody(response: Response, maxBytes: number): Promise<Body> {
  if (response.body === null) return { bytes: new Uint8Array(), cut: false };
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: Buffer.concat(chunks), cut: false };
      const room = maxBytes - size;
      chunks.push(value.subarray(0, room));
      size += value.length;
      if (size > maxBytes) return { bytes: Buffer.concat(chunks), cut: true };
    }
  } finally {
    await reader.cancel();
  }
}
