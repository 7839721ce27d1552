import { isJsonObject, parseJson, TauError } from "@tau/core";

/** What a line of front matter says. */
export type FrontValue = string | readonly string[];

/** A file taken apart: lines `key: value` between two lines `---`, then the body. */
export interface FrontLines {
  readonly fields: ReadonlyMap<string, FrontValue>;
  readonly body: string;
}

/**
 * Writes front matter and a body. Values are written as JSON, which is YAML too, one a line, so that whatever stands in a
 * value cannot begin another line.
 */
export function renderFrontLines(
  fields: readonly (readonly [key: string, value: FrontValue | undefined])[],
  body: string,
): string {
  const lines = fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${written(value)}`]));
  return ["---", ...lines, "---", "", body, ""].join("\n");
}

/** JSON leaves some line separators as they are, which other readers take for the end of a line. */
function written(value: FrontValue): string {
  if (typeof value !== "string") return `[${value.map(written).join(", ")}]`;
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]*$/u.test(value)) return value;
  return JSON.stringify(value).replaceAll(
    /[\u007F-\u009F\u2028\u2029\uFEFF]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Reads what {@link renderFrontLines} wrote, and what people write like it: `key: words` and `key: ["a", "b"]`.
 *
 * @throws TauError `memory.invalid_note`
 */
export function parseFrontLines(path: string, text: string): FrontLines {
  const plain = text.replace(/^\uFEFF/u, "");
  const head = /^---[ \t]*\r?\n(?<lines>(?:[^\n]*\n)*?)---[ \t]*(?:\r?\n|$)/u.exec(plain);
  if (head === null) throw invalidNote(path, 'it must begin with lines "key: value" between two lines "---"');
  const fields = new Map<string, FrontValue>();
  for (const line of (head.groups?.["lines"] ?? "").split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, key = "", value = ""] = /^([a-z_]+):\s*(.*)$/u.exec(trimmed) ?? [];
    if (key === "" || fields.has(key))
      throw invalidNote(
        path,
        `the line ${JSON.stringify(trimmed.slice(0, 60))} is no "key: value", or says a key again`,
      );
    fields.set(key, readValue(path, key, value));
  }
  const rest = plain.slice(head[0].length);
  return { fields, body: rest.replace(/^\r?\n/u, "").replace(/\r?\n$/u, "") };
}

function readValue(path: string, key: string, value: string): FrontValue {
  if (!/^["[]/u.test(value)) return value;
  // A word in a list needs no quotes; what is in quotes stays as it is.
  const quoted = value.replaceAll(/"(?:[^"\\]|\\.)*"|[A-Za-z0-9][^",\]]*/gu, (item) =>
    item.startsWith('"') ? item : JSON.stringify(item.trim()),
  );
  const parsed = parseJson(`{"value":${quoted}}`);
  const read = parsed.ok && isJsonObject(parsed.value) ? parsed.value["value"] : undefined;
  if (typeof read === "string") return read;
  if (Array.isArray(read) && read.every((item) => typeof item === "string")) return read;
  throw invalidNote(path, `${key} must be a text, or a list of texts like ["a", "b"], on one line`);
}

/** The error for a file that is no note. */
export function invalidNote(path: string, reason: string): TauError {
  return new TauError("memory.invalid_note", `${JSON.stringify(path)} is no note: ${reason}.`);
}
