import { createHash } from "node:crypto";

import { parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { canonicalJson } from "./canonical-json.ts";
import type { RecordedBody } from "./entry.ts";

/** What a request asks, apart from where and for whom: it finds its answer by it. */
export interface Question {
  /** The path of the address, or what stands for it. */
  readonly place: string;
  readonly body: RecordedBody;
}

/** SHA-256 of the question; the order of JSON fields does not matter, nor do headers, host and query. */
export function keyOf({ place, body }: Question): string {
  return createHash("sha256")
    .update(JSON.stringify(place))
    .update("json" in body ? canonicalJson(body.json) : JSON.stringify(body))
    .digest("hex");
}

/** The question of an HTTP request, whose secrets `redact` cuts out. */
export function toQuestion(
  request: { readonly url: URL; readonly contentType: string; readonly body: string | Uint8Array },
  redact: (text: string) => string,
): Question {
  return { place: redact(request.url.pathname), body: toBody(request, redact) };
}

function toBody(
  { contentType, body }: { readonly contentType: string; readonly body: string | Uint8Array },
  redact: (text: string) => string,
): RecordedBody {
  const bytes = Buffer.from(body);
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes))
    return { base64: withoutBoundary(bytes, contentType).toString("base64") };
  const clean = redact(withoutBoundary(bytes, contentType).toString("utf8"));
  const parsed = parseJson(clean);
  return parsed.ok ? { json: parsed.value } : { text: clean };
}

/** A form's boundary is random: every one becomes the same. */
function withoutBoundary(body: Buffer, contentType: string): Buffer {
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  return Buffer.from(body.toString("latin1").replaceAll(boundary, "boundary"), "latin1");
}

/** The question of a call of a model, as it is kept. */
export function modelQuestion(
  model: { readonly provider: string; readonly id: string },
  request: JsonObject,
): Question {
  return { place: `${model.provider}/${model.id}`, body: { json: request } };
}
