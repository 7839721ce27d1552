import { parseJson } from "@tau/core";

import { leastPrefix, redacted } from "./redacted.ts";
import type { TextEdit } from "./text-edits.ts";

/** A JSON string in a text, with the place of its quotes. */
interface Literal {
  readonly start: number;
  readonly end: number;
  value: string;
  changed: boolean;
}

/**
 * Finds secrets that were said in pieces, as `"text":"se"` and later `"text":"cret"`: in the strings of one
 * field name, in the order of the text. `text` holds bytes, one in each character, framed in whatever way.
 */
export function splitSecretEdits(
  text: string,
  secrets: readonly string[],
  cut: boolean,
): readonly TextEdit[] {
  if (secrets.length === 0) return [];
  const changed = [...literalsByKey(text).values()].flatMap((literals) => {
    for (const secret of secrets) cutOut(literals, secret, cut);
    return literals.filter((literal) => literal.changed);
  });
  return changed
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, value }) => ({ start, end, replacement: toBytes(JSON.stringify(value)) }));
}

function literalsByKey(text: string): ReadonlyMap<string, Literal[]> {
  const groups = new Map<string, Literal[]>();
  let key = "";
  // eslint-disable-next-line no-control-regex -- JSON strings hold no control characters
  for (const match of text.matchAll(/"((?:[^"\\\u0000-\u001f]|\\.)*)"(\s*:)?/g)) {
    const [whole, content = "", colon = ""] = match;
    if (colon !== "") {
      key = content;
      continue;
    }
    const parsed = parseJson(Buffer.from(whole, "latin1").toString("utf8"));
    if (!parsed.ok || typeof parsed.value !== "string") continue;
    const literal = {
      start: match.index,
      end: match.index + whole.length,
      value: parsed.value,
      changed: false,
    };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [literal]);
    else group.push(literal);
  }
  return groups;
}

function cutOut(literals: readonly Literal[], secret: string, cut: boolean): void {
  const joined = literals.map(({ value }) => value).join("");
  // From the back to the front, so that earlier offsets stay right.
  for (let end = joined.length; end >= secret.length;) {
    const start = joined.lastIndexOf(secret, end - secret.length);
    if (start === -1) break;
    replace(literals, start, start + secret.length);
    end = start;
  }
  if (!cut) return;
  for (let length = Math.min(secret.length - 1, joined.length); length >= leastPrefix; length--) {
    if (!joined.endsWith(secret.slice(0, length))) continue;
    replace(literals, joined.length - length, joined.length);
    return;
  }
}

/** Replaces a range of the joined values; what is before it keeps its offsets. */
function replace(literals: readonly Literal[], start: number, end: number): void {
  let offset = 0;
  for (const literal of literals) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, literal.value.length);
    offset += literal.value.length;
    if (from >= to) continue;
    const isFirst = offset - literal.value.length + from === start;
    literal.value = `${literal.value.slice(0, from)}${isFirst ? redacted : ""}${literal.value.slice(to)}`;
    literal.changed = true;
  }
}

function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
