/** What the first bytes of a connection are. */
export type FirstBytes =
  | { readonly kind: "incomplete" }
  | { readonly kind: "other" }
  | { readonly kind: "malformed" }
  /** A TLS greeting; the name is that of its one server name, in lower case. */
  | { readonly kind: "hello"; readonly serverName: string | undefined };

const maxHelloBytes = 16_384;
const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostName = 0;

/**
 * Reads the server's name out of a TLS greeting (RFC 8446 section 4.1.2, RFC 6066 section 3), however it is cut into
 * records.
 *
 * Strict, because the server may read leniently what we read strictly and not the other way round: a greeting with two
 * names, or two lists of names, is malformed.
 */
export function readFirstBytes(bytes: Uint8Array): FirstBytes {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (bytes[0] !== handshakeRecord) return { kind: "other" };
  try {
    const message = handshakeMessage(bytes);
    if (message === undefined) return { kind: bytes.length > maxHelloBytes ? "malformed" : "incomplete" };
    return { kind: "hello", serverName: serverNameOf(message) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "malformed" };
    throw error;
  }
}

/** The body of the greeting, put together from its records; undefined when some of it is still to come. */
function handshakeMessage(bytes: Uint8Array): Reader | undefined {
  const parts: Uint8Array[] = [];
  for (let at = 0; ;) {
    if (bytes.length < at + 5) return undefined;
    const header = new Reader(bytes.subarray(at, at + 5));
    const [type, major] = [header.number(1), header.number(1)];
    header.number(1);
    const length = header.number(2);
    if (type !== handshakeRecord || major !== 3 || length === 0 || length > maxHelloBytes)
      throw new RangeError("record");
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    const message = new Reader(Buffer.concat(parts));
    const complete = message.left >= 4 ? bodyOf(message) : undefined;
    if (complete !== undefined) return complete;
    if (bytes.length < at + 5 + length) return undefined;
    at += 5 + length;
  }
}

function bodyOf(message: Reader): Reader | undefined {
  if (message.number(1) !== clientHello) throw new RangeError("not a greeting");
  const length = message.number(3);
  if (length > maxHelloBytes) throw new RangeError("too long");
  return message.left < length ? undefined : new Reader(message.take(length));
}

function serverNameOf(body: Reader): string | undefined {
  body.take(2 + 32);
  for (const lengthBytes of [1, 2, 1]) body.take(body.number(lengthBytes)); // session, ciphers, compression
  if (body.left === 0) return undefined;
  const extensions = new Reader(body.take(body.number(2)));
  const names: string[] = [];
  let lists = 0;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = new Reader(extensions.take(extensions.number(2)));
    if (type !== serverNameExtension) continue;
    lists++;
    const list = new Reader(content.take(content.number(2)));
    while (list.left > 0) {
      if (list.number(1) !== hostName) throw new RangeError("unknown kind of name");
      names.push(
        Buffer.from(list.take(list.number(2)))
          .toString("latin1")
          .toLowerCase(),
      );
    }
    if (content.left > 0) throw new RangeError("rest");
  }
  if (lists > 1 || names.length > 1) throw new RangeError("several names");
  return names[0];
}

/** Reads numbers and pieces from the front; throws `RangeError` when there is not enough. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(length: number): number {
    return this.take(length).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new RangeError("too short");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
