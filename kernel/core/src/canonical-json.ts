import { isJsonObject } from "./json.ts";
import type { JsonObject } from "./json.ts";

/**
 * Writes a value as canonical JSON (RFC 8785): the keys of every object sorted by UTF-16 code units, no white
 * space, numbers and strings as ECMAScript writes them. Equal values give equal texts. Properties that are
 * undefined are left out, as `JSON.stringify` does.
 *
 * @throws TypeError for what JSON cannot say: a number that is not finite, a function, a circle
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}.`);
      // JSON knows no negative zero, and neither does a template.
      return `${value}`;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (Array.isArray(value)) return canonicalList(value);
      return isJsonObject(value) ? canonicalObject(value) : "null";
    default:
      throw new TypeError(`JSON has no ${typeof value}.`);
  }
}

function canonicalList(values: readonly unknown[]): string {
  let text = "";
  for (const value of values) text += `${text === "" ? "[" : ","}${canonicalJson(value)}`;
  return text === "" ? "[]" : `${text}]`;
}

function canonicalObject(value: JsonObject): string {
  let text = "";
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member !== undefined) text += `${text === "" ? "{" : ","}${quoted(key)}:${canonicalJson(member)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Keys, and the names that many values are, need no escapes: they are quoted without being looked at natively. */
function quoted(text: string): string {
  return text.length < 32 && isPlain(text) ? `"${text}"` : JSON.stringify(text);
}

function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}

/** Up to so many, keys are sorted quicker by hand: sorting natively makes garbage. */
const few = 12;

function sortedKeys(value: JsonObject): readonly string[] {
  const keys = Object.keys(value);
  if (keys.length > few) return keys.sort(byCodeUnits);
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? "";
    let place = index;
    for (; place > 0 && byCodeUnits(keys[place - 1] ?? "", key) > 0; place--)
      keys[place] = keys[place - 1] ?? "";
    keys[place] = key;
  }
  return keys;
}

/** The same order in every locale. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
