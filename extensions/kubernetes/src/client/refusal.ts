import type { IncomingMessage } from "node:http";

import type { Json, TauError } from "@tau/core";
import { parseJson } from "@tau/core";

import type { AskedFor } from "./kube-error.ts";
import { toKubeError } from "./kube-error.ts";

const maxBytes = 2 ** 20;

/** The error for an answer that is no success. */
export async function refusalOf(response: IncomingMessage, asked: AskedFor): Promise<TauError> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > maxBytes) break;
    chunks.push(chunk);
  }
  const parsed = parseJson(Buffer.concat(chunks).toString());
  const status: Json | undefined = parsed.ok ? parsed.value : undefined;
  const seconds = Number(response.headers["retry-after"]);
  return toKubeError(response.statusCode ?? 0, status, asked, seconds > 0 ? seconds * 1_000 : undefined);
}
