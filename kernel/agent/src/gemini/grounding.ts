import { isJsonObject } from "@tau/core";
import type { AssistantPart, Citation, Json, JsonObject } from "@tau/core";

import { listAt, objectAt, objectsAt, textAt } from "../json-fields.ts";

/** A stretch of the whole text, in UTF-16 units, and what the model says about it. */
interface Found {
  readonly source: Citation;
  readonly span: { readonly start: number; readonly end: number } | undefined;
}

/**
 * Gives text parts the sources that a candidate names: the results of a search that grounds it, and works that it
 * repeats. The protocol counts bytes of all text together; a citation counts UTF-16 units of its own part.
 */
export function withCitations(
  parts: readonly AssistantPart[],
  { grounding, citations }: { readonly grounding: JsonObject; readonly citations: readonly JsonObject[] },
): readonly AssistantPart[] {
  const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  const found = [...groundedIn(grounding, text), ...citations.map((citation) => repeated(citation, text))];
  if (found.length === 0 || text === "") return parts;
  let offset = 0;
  return parts.map((part, index) => {
    if (part.type !== "text") return part;
    const start = offset;
    offset += part.text.length;
    const isLast = !parts.slice(index + 1).some(({ type }) => type === "text");
    const own = found.flatMap((one) => ownCitation(one, { start, end: offset, isLast }));
    return own.length === 0 ? part : { ...part, citations: own };
  });
}

/** What a source says of one part: nothing if its stretch begins in another; without a stretch it goes to the last. */
function ownCitation(
  { source, span }: Found,
  part: { readonly start: number; readonly end: number; readonly isLast: boolean },
): readonly Citation[] {
  if (span === undefined) return part.isLast ? [source] : [];
  if (span.start < part.start || span.start >= part.end) return [];
  return [{ ...source, start: span.start - part.start, end: Math.min(span.end, part.end) - part.start }];
}

function groundedIn(grounding: JsonObject, text: string): readonly Found[] {
  const chunks = listAt(grounding, "groundingChunks");
  return objectsAt(grounding, "groundingSupports").flatMap((support) => {
    const span = spanOf(objectAt(support, "segment"), text);
    return listAt(support, "groundingChunkIndices").flatMap((index) => {
      const source = typeof index === "number" ? toSource(chunks[index]) : undefined;
      return source === undefined ? [] : [{ source, span }];
    });
  });
}

/** A chunk holds its source under the kind of the search: `web`, `retrievedContext`, `maps`, `image`. */
function toSource(chunk: Json | undefined): Citation | undefined {
  const source = isJsonObject(chunk) ? Object.values(chunk).find(isJsonObject) : undefined;
  if (source === undefined) return undefined;
  const url = textAt(source, "uri") || textAt(source, "sourceUri");
  const title =
    textAt(source, "title") || textAt(source, "documentName") || textAt(source, "fileSearchStore");
  const quote = textAt(source, "text");
  return {
    ...(url === "" ? {} : { url }),
    ...(title === "" ? {} : { title }),
    ...(quote === "" ? {} : { quote }),
  };
}

function repeated(citation: JsonObject, text: string): Found {
  const [url, title] = [textAt(citation, "uri"), textAt(citation, "title")];
  const source = { ...(url === "" ? {} : { url }), ...(title === "" ? {} : { title }) };
  return { source, span: spanOf(citation, text) };
}

/**
 * The stretch in UTF-16 units. Where its bytes are not the words that the segment quotes, as in answers with
 * several parts, the words are looked for.
 */
function spanOf(segment: JsonObject, text: string): Found["span"] {
  const { startIndex = 0, endIndex } = segment;
  const words = textAt(segment, "text");
  if (typeof startIndex === "number" && typeof endIndex === "number") {
    const bytes = Buffer.from(text);
    const start = bytes.subarray(0, startIndex).toString("utf8").length;
    const said = bytes.subarray(startIndex, endIndex).toString("utf8");
    if (words === "" ? said !== "" : said === words) return { start, end: start + said.length };
  }
  const at = words === "" ? -1 : text.indexOf(words);
  return at === -1 ? undefined : { start: at, end: at + words.length };
}
