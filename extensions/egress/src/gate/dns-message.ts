/** What somebody asks a name server. */
export interface DnsQuestion {
  readonly id: number;
  /** Whether the client set "recursion desired", which is given back. */
  readonly recursive: boolean;
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: number;
  /** The question as it was sent: it is repeated in the answer. */
  readonly bytes: Uint8Array;
}

/** Type codes (RFC 1035, RFC 3596). */
export const dnsTypes = { a: 1, aaaa: 28 } as const;

const headerBytes = 12;
const internet = 1;
const ttlSeconds = 30;

/** Reads a query (RFC 1035 section 4) with one question; undefined for everything else, which is not answered. */
export function readDnsQuestion(message: Uint8Array): DnsQuestion | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length < headerBytes + 5) return undefined;
  const flags = view.getUint16(2);
  const isQuery = (flags & 0x8000) === 0 && (flags & 0x7800) === 0;
  if (!isQuery || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerBytes;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at + 1 + length > message.length) return undefined; // no pointers here
    at += 1 + length;
    if (length === 0) break;
    labels.push(
      Buffer.from(message.subarray(at - length, at))
        .toString("latin1")
        .toLowerCase(),
    );
  }
  if (at + 4 > message.length || view.getUint16(at + 2) !== internet) return undefined;
  return {
    id: view.getUint16(0),
    recursive: (flags & 0x0100) !== 0,
    name: labels.join("."),
    type: view.getUint16(at),
    bytes: message.subarray(headerBytes, at + 4),
  };
}

/** What is answered: an address, nothing of that type, or no such name. */
export type DnsAnswer = { readonly address: string } | "nothing" | "no_name";

/** Writes the answer to a question. */
export function writeDnsAnswer(question: DnsQuestion, answer: DnsAnswer): Uint8Array {
  const code = answer === "no_name" ? 3 : 0;
  const flags = 0x8080 | (question.recursive ? 0x0100 : 0) | code; // an answer, recursion available
  const count = typeof answer === "object" ? 1 : 0;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(count, 6);
  if (typeof answer !== "object") return Buffer.concat([header, question.bytes]);
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc000 | headerBytes, 0); // the name of the question
  record.writeUInt16BE(dnsTypes.a, 2);
  record.writeUInt16BE(internet, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  answer.address.split(".").forEach((part, index) => record.writeUInt8(Number(part), 12 + index));
  return Buffer.concat([header, question.bytes, record]);
}
