import type { IncomingMessage } from "node:http";

import { demultiplex } from "../engine/demultiplex.ts";

/** Reads at most `maxBytes` of an answer, as text; says so when there was more. */
export async function readStream(
  answer: IncomingMessage,
  { framed, maxBytes }: { readonly framed: boolean; readonly maxBytes: number },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const keep = (chunk: Uint8Array): void => {
    const part = chunk.subarray(0, Math.max(0, maxBytes - bytes));
    bytes += chunk.length;
    chunks.push(part);
  };
  const take = framed ? demultiplex(keep) : keep;
  for await (const chunk of answer) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("The answer is no bytes.");
    take(chunk);
    if (bytes > maxBytes) break; // which ends the connection
  }
  const more = bytes > maxBytes ? "\n… and more: ask for fewer lines." : "";
  return `${Buffer.concat(chunks).toString("utf8")}${more}`;
}
