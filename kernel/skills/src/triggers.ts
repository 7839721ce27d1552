const maxTriggers = 50;
const maxLength = 100;

/** An item in quotes of any kind, or whatever stands between separators. */
const item =
  /"(?<double>[^"]*)"|'(?<single>[^']*)'(?=\s*(?:[,;|]|$))|“(?<curly>[^”]*)”|(?<plain>[^\s,;|"“][^,;|]*)/gu;

/**
 * Collects the words that call for a skill, in the order in which they are found, each once: from a `triggers` key (a
 * list or a text), from `metadata.triggers`, and from "Triggers: …" inside the description.
 */
export function triggersOf(sources: {
  readonly key?: unknown;
  readonly metadata?: unknown;
  readonly description?: string;
}): readonly string[] {
  const inside = /\btriggers?(?: on)?[ \t]*:(?<list>[^\n]*(?:\n(?!\s*\n)[^\n]*)*)/iu.exec(
    sources.description ?? "",
  );
  const found = [
    ...itemsOf(sources.key),
    ...itemsOf(sources.metadata),
    ...itemsOf(untilSentenceEnd(inside?.groups?.["list"] ?? "")),
  ];
  const unique = new Map(found.map((text) => [text.toLowerCase(), text]));
  return [...unique.values()].slice(0, maxTriggers);
}

function itemsOf(value: unknown): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((one) => (typeof one === "string" ? [tidy(one)] : [])).filter(isUsable);
  if (typeof value !== "string") return [];
  return [...value.replaceAll(/\s+/gu, " ").matchAll(item)]
    .map(({ groups }) =>
      tidy(groups?.["double"] ?? groups?.["single"] ?? groups?.["curly"] ?? groups?.["plain"] ?? ""),
    )
    .filter(isUsable);
}

/** A list in running text ends with its sentence; a dot inside of a word, such as `.pdf` or `1.5`, ends nothing. */
function untilSentenceEnd(text: string): string {
  return /^.*?(?=[.!?](?:\s+\p{Lu}|\s*$))/su.exec(text)?.[0] ?? text;
}

function tidy(text: string): string {
  const plain = text.trim().replace(/^(?:and|or)\s+/iu, "");
  return plain
    .replaceAll(/^["'“]|["'”]$/gu, "")
    .slice(0, maxLength)
    .trim();
}

function isUsable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
