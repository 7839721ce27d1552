import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/**
 * What a reader may answer, as a field: numbers, yes or no, one of some words, or a text of a fixed form come back as they
 * are, since none of them can be a sentence. Any other text comes back as a handle.
 */
export type ReaderField =
  | { readonly kind: "number" | "boolean" | "held" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "form"; readonly form: ReaderForm }
  | { readonly kind: "list"; readonly of: ReaderField }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, ReaderField>> };

/** A form of text that leaves no room for a sentence. */
export type ReaderForm = "date" | "date-time" | "identifier" | "version";

const forms: Readonly<Record<ReaderForm, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/u,
  "date-time": /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})$/u,
  // No longer than a hash, and never three words.
  identifier: /^[A-Za-z0-9]{1,12}(?:[-_#][A-Za-z0-9]{1,12}){0,1}$/u,
  version: /^v?\d{1,6}(?:\.\d{1,6}){0,3}(?:-(?:alpha|beta|rc)\.?\d{0,3})?$/u,
};

/** Identifiers that are no words: numbers after a few letters, and hashes. */
const code = /^(?:[A-Za-z]{0,3}[-_#]?\d{1,12}|(?=[a-f]*\d)[0-9a-f]{6,12})$/u;
/** How many words one answer may have in other identifiers: more would be a sentence. */
const maxSpoken = 3;

const maxWords = 50;
const maxWordChars = 60;
const maxFields = 20;
const maxDepth = 4;
const maxItems = 50;

/** Reads a JSON Schema of the few kinds that a reader may answer. @throws TauError `reader.invalid_schema` */
export function parseReaderSchema(schema: JsonObject): ReaderField {
  const field = fieldOf(schema, "schema", 0);
  if (field.kind === "record") return field;
  throw invalid("schema", 'must be {"type":"object","properties":{…}}');
}

function fieldOf(schema: Json | undefined, path: string, depth: number): ReaderField {
  if (!isJsonObject(schema)) throw invalid(path, "must be an object");
  if (depth > maxDepth) throw invalid(path, `is nested more than ${maxDepth} levels deep`);
  const { type, format, items, properties } = schema;
  if (schema["enum"] !== undefined) return wordsOf(schema["enum"], path);
  switch (type) {
    case "number":
    case "integer":
      return { kind: "number" };
    case "boolean":
      return { kind: "boolean" };
    case "string":
      if (format === undefined) return { kind: "held" };
      if (typeof format === "string" && isForm(format)) return { kind: "form", form: format };
      throw invalid(
        `${path}.format`,
        `must be one of ${Object.keys(forms).join(", ")}; leave it out for any text`,
      );
    case "array":
      return { kind: "list", of: fieldOf(items, `${path}.items`, depth + 1) };
    case "object":
      return recordOf(properties, path, depth);
    default:
      throw invalid(`${path}.type`, "must be number, integer, boolean, string, array or object");
  }
}

function recordOf(properties: Json | undefined, path: string, depth: number): ReaderField {
  if (!isJsonObject(properties)) throw invalid(`${path}.properties`, "must be an object");
  const names = Object.keys(properties);
  if (names.length === 0 || names.length > maxFields) {
    throw invalid(`${path}.properties`, `must have 1 to ${maxFields} fields`);
  }
  const entries = names.map(
    (name) => [name, fieldOf(properties[name], `${path}.properties.${name}`, depth + 1)] as const,
  );
  return { kind: "record", fields: Object.fromEntries(entries) };
}

function wordsOf(words: Json, path: string): ReaderField {
  const fits =
    Array.isArray(words) &&
    words.length > 0 &&
    words.length <= maxWords &&
    words.every((word) => typeof word === "string" && word.length <= maxWordChars);
  if (!fits)
    throw invalid(`${path}.enum`, `must be 1 to ${maxWords} texts of at most ${maxWordChars} characters`);
  return { kind: "words", words: words.flatMap((word: Json) => (typeof word === "string" ? [word] : [])) };
}

function isForm(format: string): format is ReaderForm {
  return Object.hasOwn(forms, format);
}

function invalid(path: string, what: string): TauError {
  return new TauError("reader.invalid_schema", `${path} ${what}.`);
}

/**
 * What the model with tools gets of an answer: `hold` keeps a text and answers its handle. What does not fit is null, and
 * fields that nobody asked for are left out. Of identifiers that may be words, all but the first few are held, too.
 */
export function takeAnswer(
  field: ReaderField,
  value: Json | undefined,
  hold: (text: string) => string,
): Json {
  let spoken = 0;
  const isSpoken = (text: string): boolean =>
    code.test(text) || (spoken += text.split(/[-_#]/u).length) <= maxSpoken;
  return take(field, value, { hold, isSpoken });
}

interface Taking {
  readonly hold: (text: string) => string;
  /** Whether an identifier may be shown as it is. */
  readonly isSpoken: (text: string) => boolean;
}

function take(field: ReaderField, value: Json | undefined, taking: Taking): Json {
  switch (field.kind) {
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "words":
      return typeof value === "string" && field.words.includes(value) ? value : null;
    case "form":
      if (typeof value !== "string" || !forms[field.form].test(value)) return null;
      return field.form !== "identifier" || taking.isSpoken(value) ? value : taking.hold(value);
    case "held":
      return typeof value === "string" ? taking.hold(value) : null;
    case "list":
      return Array.isArray(value)
        ? value.slice(0, maxItems).map((item: Json) => take(field.of, item, taking))
        : null;
    default:
      return takeRecord(field.fields, value, taking);
  }
}

function takeRecord(
  fields: Readonly<Record<string, ReaderField>>,
  value: Json | undefined,
  taking: Taking,
): Json {
  if (!isJsonObject(value)) return null;
  const entries = Object.entries(fields).map(
    ([name, field]) =>
      [name, take(field, Object.hasOwn(value, name) ? value[name] : undefined, taking)] as const,
  );
  return Object.fromEntries(entries);
}
