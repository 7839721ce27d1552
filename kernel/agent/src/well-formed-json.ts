/** How the escape of a half begins. Written down once: a tagged template costs a call more than the search. */
const halves = [String.raw`\ud`, String.raw`\uD`];

/** What stands for a character of which only a half is there. */
const replacement = String.raw`\ufffd`;

/** An escape, so that the second backslash of two begins none; of the halves of one character both. */
const escapes =
  /\\(?:u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u([dD][c-fC-F][0-9a-fA-F]{2})|[^])/g;

/**
 * Replaces halves of characters in JSON text. JavaScript's strings may hold them, where something cut an emoji in
 * two, and `JSON.stringify` writes them as escapes: most providers refuse the whole request for one.
 */
export function wellFormedJson(json: string): string {
  // Nearly always.
  if (!halves.some((half) => json.includes(half))) return json;
  return json.replace(escapes, (escape: string, high?: string, low?: string, alone?: string) =>
    alone !== undefined || (high !== undefined && low === undefined) ? replacement : escape,
  );
}
