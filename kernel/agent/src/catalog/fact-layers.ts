import { defineCapabilities, withFacts } from "../capabilities.ts";
import type { CapabilityFacts, ModelCapabilities } from "../capabilities.ts";

/** Facts, and who says so. */
export interface FactLayer {
  readonly source: string;
  readonly facts: CapabilityFacts;
}

/** Capabilities, and for each known one who said it last: by its name, such as `tools` or `input.image`. */
export interface SourcedCapabilities {
  readonly capabilities: ModelCapabilities;
  readonly sources: Readonly<Record<string, string>>;
}

/** Puts facts on each other; later layers win, but nobody unsays a fact by not knowing it. */
export function stackFacts(layers: readonly FactLayer[]): SourcedCapabilities {
  const sources: Record<string, string> = {};
  let capabilities = defineCapabilities({});
  for (const { source, facts } of layers) {
    const known = knownOnly(facts);
    capabilities = withFacts(capabilities, known);
    for (const path of pathsOf(known)) sources[path] = source;
  }
  return { capabilities, sources };
}

function knownOnly({ input = {}, output = {}, ...facts }: CapabilityFacts): CapabilityFacts {
  return {
    ...Object.fromEntries(knownEntries(facts)),
    input: Object.fromEntries(knownEntries(input)),
    output: Object.fromEntries(knownEntries(output)),
  };
}

function knownEntries(facts: object) {
  return Object.entries(facts).filter(([, value]) => value !== undefined && value !== "unknown");
}

function pathsOf({ input = {}, output = {}, ...facts }: CapabilityFacts): readonly string[] {
  return [
    ...Object.keys(facts),
    ...Object.keys(input).map((name) => `input.${name}`),
    ...Object.keys(output).map((name) => `output.${name}`),
  ];
}

/** What another provider of the same model may do in its own way. */
const ofTheProvider: ReadonlySet<string> = new Set<keyof CapabilityFacts>([
  "price",
  "promptCache",
  "structuredOutput",
  "toolsWithSchema",
  "streaming",
  "maxOutputTokens",
]);

/** What stays true of a model when somebody else offers it: what it is, not what it costs or how it is served. */
export function factsOfTheModel(facts: CapabilityFacts): CapabilityFacts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !ofTheProvider.has(name)));
}
