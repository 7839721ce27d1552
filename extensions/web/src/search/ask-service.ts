import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { Json } from "@tau/core";

import { decodeText } from "../decode-text.ts";
import { readBody } from "../read-body.ts";
import type { WebSearchResult } from "./web-search.ts";

const maxAnswerBytes = 4_000_000;

/** Sends a request to a search service and reads its JSON. Throws `web.search_failed`; what the service wrote stays in the cause. */
export async function askService(
  name: string,
  fetch: typeof globalThis.fetch,
  url: URL,
  init: RequestInit,
): Promise<Json> {
  const response = await fetch(url, init);
  const { bytes } = await readBody(response, maxAnswerBytes);
  const text = decodeText(bytes, "");
  const parsed = parseJson(text);
  if (response.ok && parsed.ok) return parsed.value;
  const busy = response.status === 429 || response.status >= 500;
  throw new TauError(
    "web.search_failed",
    response.ok
      ? `The search service ${name} answered something that is not JSON.`
      : `The search service ${name} answered with status ${response.status}.`,
    { class: busy ? "retryable" : "permanent", cause: new Error(text.slice(0, 2_000)) },
  );
}

/** Names of a service's fields. */
export interface ResultFields {
  readonly snippet: string;
  readonly published: string;
}

/** Takes the results out of a service's list; what has no URL of the web is left out. */
export function toResults(
  list: Json | undefined,
  count: number,
  fields: ResultFields,
): readonly WebSearchResult[] {
  if (!Array.isArray(list)) return [];
  const results = list.flatMap((item: Json): readonly WebSearchResult[] => {
    if (!isJsonObject(item)) return [];
    const { title, url, [fields.snippet]: snippet, [fields.published]: published } = item;
    if (typeof url !== "string" || !/^https?:\/\//iu.test(url)) return [];
    return [
      {
        url,
        title: plain(title),
        snippet: plain(snippet),
        ...(typeof published === "string" && published !== "" ? { published } : {}),
      },
    ];
  });
  return results.slice(0, count);
}

/** Services mark the words that were found with tags. */
function plain(value: Json | undefined): string {
  if (typeof value !== "string") return "";
  return value
    .replaceAll(/<\/?(?:strong|b|em|mark)>/giu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
}
