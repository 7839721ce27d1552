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
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isJsonObject(value)) {
    let text = "{";
    for (const key of sortedKeys(value)) {
      const member = value[key];
      if (member === undefined) continue;
      text += `${text === "{" ? "" : ","}${quoted(key)}:${canonicalJson(member)}`;
    }
    return `${text}}`;
  }
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}.`);
  const text: unknown = JSON.stringify(value);
  if (typeof text !== "string") throw new TypeError(`JSON has no ${typeof value}.`);
  return text;
}

/** Keys, and the names that many values are, need no escapes: they are quoted without being looked at natively. */
function quoted(text: string): string {
  return text.length < 32 && /^[\w $-]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
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
