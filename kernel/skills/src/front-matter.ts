import { parseDocument } from "yaml";

import type { SkillFault } from "./skill.ts";

/** A SKILL.md taken apart. */
export interface FrontMatter {
  /** The keys of the front matter; every scalar is a text, as the reference reads them. */
  readonly fields: ReadonlyMap<string, unknown>;
  /** The instructions: what follows the front matter. */
  readonly body: string;
  /** Why the front matter cannot be read as it is. Then `fields` has what a second, forgiving look found. */
  readonly faults: readonly SkillFault[];
}

/** Larger front matter is not parsed: it is in the prompt of every run, and broken YAML takes long in proportion to its square. */
const maxYamlLength = 16_000;

/** Takes a SKILL.md apart. Never throws. */
export function parseFrontMatter(text: string): FrontMatter {
  const parts = split(text);
  if ("fault" in parts) return { fields: new Map(), body: "", faults: [parts.fault] };
  const { yaml, body } = parts;
  if (yaml.length > maxYamlLength) {
    const fault = faultOf(`is longer than ${maxYamlLength} characters`, "Move text into the body.");
    return { fields: new Map(), body, faults: [fault] };
  }
  const strict = parseYaml(yaml);
  if (strict.reason === undefined) return { fields: strict.fields, body, faults: [] };
  const fault = faultOf(`is not a YAML mapping: ${strict.reason}`, 'Put values that hold ": " in quotes.');
  return { fields: parseYaml(quoteColons(yaml)).fields, body, faults: [fault] };
}

type Parts = { readonly yaml: string; readonly body: string } | { readonly fault: SkillFault };

function split(text: string): Parts {
  const lines = text.replace(/^\uFEFF/u, "").split(/\r\n|\n|\r/u);
  if (lines[0]?.trimEnd() !== "---")
    return { fault: faultOf("is missing", 'Begin the file with a line "---", then "name: …".') };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end === -1) return { fault: faultOf("does not end", 'Put a line "---" after its last key.') };
  return {
    yaml: lines.slice(1, end).join("\n"),
    body: lines
      .slice(end + 1)
      .join("\n")
      .trim(),
  };
}

function faultOf(reason: string, fix: string): SkillFault {
  return { field: "front matter", reason, fix };
}

interface Parsed {
  readonly fields: ReadonlyMap<string, unknown>;
  readonly reason?: string;
}

function parseYaml(yaml: string): Parsed {
  // The failsafe schema knows texts, lists and maps only: no dates, no numbers, no types that make things.
  const document = parseDocument(yaml, { schema: "failsafe", logLevel: "silent", prettyErrors: false });
  const [error] = document.errors;
  // The stack's end; the parser keeps its own words for it.
  if (error?.code === "RESOURCE_EXHAUSTION") return { fields: new Map(), reason: "it is nested too deeply" };
  if (error !== undefined) return { fields: new Map(), reason: firstLine(error.message) };
  try {
    // Maps, so that no key is special; no aliases, so that nothing multiplies.
    const value: unknown = document.toJS({ mapAsMap: true, maxAliasCount: 0 });
    if (value instanceof Map)
      return { fields: new Map([...value].map(([key, item]: [unknown, unknown]) => [String(key), item])) };
    return { fields: new Map(), reason: "it has no keys" };
  } catch (problem) {
    if (problem instanceof RangeError) return { fields: new Map(), reason: "it is nested too deeply" };
    return { fields: new Map(), reason: problem instanceof Error ? firstLine(problem.message) : "it is odd" };
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** Quotes what is most often wrong: a description with a colon in it. */
function quoteColons(yaml: string): string {
  return yaml
    .split("\n")
    .map((line) => {
      const [, key = "", value = ""] = /^([\w-]+):[ \t]+(?=[^\s"'|>[{&*!#])(.*: .*|.*:)$/u.exec(line) ?? [];
      return key === "" ? line : `${key}: ${JSON.stringify(value.trim())}`;
    })
    .join("\n");
}
