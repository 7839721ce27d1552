import { placesOf } from "./query.ts";
import type { SearchTerm } from "./query.ts";

const charsBefore = 60;
const charsAfter = 140;

/** The part of a text that shows why it was found, on one line, the words found between « and ». */
export function snippetOf(
  { title, body }: { readonly title: string; readonly body: string },
  terms: readonly SearchTerm[],
): string {
  return around(body, terms) ?? around(title, terms) ?? oneLine(title);
}

function around(text: string, terms: readonly SearchTerm[]): string | undefined {
  const found = placesOf(text).filter(({ word }) =>
    terms.some(({ words, isPrefix }) =>
      words.some((wanted, index) =>
        isPrefix && index === words.length - 1 ? word.startsWith(wanted) : word === wanted,
      ),
    ),
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const [start, end] = [
    Math.max(0, first.start - charsBefore),
    Math.min(text.length, first.end + charsAfter),
  ];
  let snippet = "";
  let at = start;
  for (const place of found) {
    if (place.end > end) break;
    snippet += `${text.slice(at, place.start)}«${text.slice(place.start, place.end)}»`;
    at = place.end;
  }
  snippet += text.slice(at, end);
  return oneLine(`${start > 0 ? "…" : ""}${snippet}${end < text.length ? "…" : ""}`);
}

function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
}
