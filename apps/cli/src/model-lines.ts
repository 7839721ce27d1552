import { unreachable } from "@tau/core";
import type { MicroUsd, Price, PriceTier, Rates } from "@tau/core";
import type { CatalogEntry, Known, ModelCapabilities } from "@tau/agent";

import type { Style } from "./style.ts";

/** What people ask of models. */
export const abilityNames = [
  "tools",
  "parallel-tools",
  "forced-tools",
  "schema",
  "tools-with-schema",
  "reasoning",
  "reasoning-with-tools",
  "vision",
  "audio",
  "video",
  "files",
  "sampling",
  "streaming",
  "chat",
  "embeddings",
  "transcription",
  "speech",
] as const;

/** A word of {@link abilityNames}. */
export type AbilityName = (typeof abilityNames)[number];

interface Ability {
  /** The name of its source. */
  readonly path: string;
  readonly read: (can: ModelCapabilities) => Known;
}

const abilities: Readonly<Record<AbilityName, Ability>> = {
  tools: { path: "tools", read: (can) => can.tools },
  "parallel-tools": { path: "parallelTools", read: (can) => can.parallelTools },
  "forced-tools": { path: "forcedTools", read: (can) => can.forcedTools },
  schema: { path: "structuredOutput", read: schemaIn },
  "tools-with-schema": { path: "toolsWithSchema", read: (can) => can.toolsWithSchema },
  reasoning: { path: "reasoning", read: (can) => can.reasoning },
  "reasoning-with-tools": { path: "reasoningWithTools", read: (can) => can.reasoningWithTools },
  vision: { path: "input.image", read: (can) => can.input.image },
  audio: { path: "input.audio", read: (can) => can.input.audio },
  video: { path: "input.video", read: (can) => can.input.video },
  files: { path: "input.file", read: (can) => can.input.file },
  sampling: { path: "sampling", read: (can) => can.sampling },
  streaming: { path: "streaming", read: (can) => can.streaming },
  chat: { path: "chat", read: (can) => can.chat },
  embeddings: { path: "embeddings", read: (can) => can.embeddings },
  transcription: { path: "transcription", read: (can) => can.transcription },
  speech: { path: "speech", read: (can) => can.speech },
};

function schemaIn({ structuredOutput }: ModelCapabilities): Known {
  if (structuredOutput === "unknown") return "unknown";
  return structuredOutput === "none" ? "no" : "yes";
}

/** What is known of one ability. */
export function abilityOf(can: ModelCapabilities, name: AbilityName): Known {
  return abilities[name].read(can);
}

/** One line for each model: what is most asked for. */
export function listLines(entries: readonly CatalogEntry[], style: Style): readonly string[] {
  const rows = entries.map(({ provider, id, capabilities: can }) => [
    `${provider}/${id}`,
    shortCount(can.maxInputTokens ?? can.maxContextTokens),
    shortCount(can.maxOutputTokens),
    can.price === undefined
      ? "?"
      : `${dollars(can.price.inputPerMillion)} / ${dollars(can.price.outputPerMillion)}`,
    markOf(can.tools),
    markOf(can.reasoning),
    markOf(can.input.image),
    markOf(schemaIn(can)),
  ]);
  const head = ["MODEL", "READS", "WRITES", "$ IN / OUT", "TOOLS", "THINKS", "SEES", "SCHEMA"];
  const table = columns([head, ...rows]);
  return table.map((line, index) => (index === 0 ? style("dim", line) : line));
}

/** A line of what is known: the label, the value, and who says so. */
type Fact = readonly [label: string, value: string, source: string];

/** Everything that is known of one model, and who says so. */
export function entryLines(entry: CatalogEntry, style: Style): readonly string[] {
  const { provider, id, aliases, name, capabilities: can } = entry;
  const facts = [...limitFacts(entry), ...abilityFacts(entry), ...wordFacts(entry), ...priceFacts(entry)];
  const sources = [...new Set(facts.map(([, , source]) => source))];
  const unknown = abilityNames.filter((ability) => abilityOf(can, ability) === "unknown");
  const notes = [
    ...sources.map((source, index) => `[${index + 1}] ${source}`),
    ...(unknown.length === 0 ? [] : [`Nobody knows: ${unknown.join(", ")}. Measure it: tau probe`]),
    ...(can.price === undefined ? ["The price is not known, so costs can be neither told nor limited."] : []),
  ];
  return [
    [style("bold", `${provider}/${id}`), ...(name === undefined ? [] : [name])].join("  "),
    ...(aliases.length === 0 ? [] : [`  also    ${aliases.join(", ")}`]),
    ...facts.map(([label, value, source]) => {
      const mark = style("dim", `[${sources.indexOf(source) + 1}]`);
      return `  ${label.padEnd(7)} ${value} ${mark}`;
    }),
    ...notes.map((note) => style("dim", `  ${note}`)),
  ];
}

function limitFacts({ capabilities: can, sources }: CatalogEntry): readonly Fact[] {
  const rows = [
    ["reads", can.maxInputTokens, "maxInputTokens", ""],
    ["holds", can.maxContextTokens, "maxContextTokens", ", prompt and answer together"],
    ["writes", can.maxOutputTokens, "maxOutputTokens", ""],
  ] as const;
  return rows.flatMap(([label, count, path, meaning]) =>
    count === undefined
      ? []
      : [[label, `${count.toLocaleString("en-US")} tokens${meaning}`, sources[path] ?? ""] as const],
  );
}

/** What it can and what it cannot, each line with one source. */
function abilityFacts({ capabilities: can, sources }: CatalogEntry): readonly Fact[] {
  const lines = new Map<string, { readonly fact: Fact; readonly names: string[] }>();
  for (const name of abilityNames) {
    const known = abilityOf(can, name);
    if (known === "unknown") continue;
    const source = sources[abilities[name].path] ?? "";
    const label = known === "yes" ? "can" : "cannot";
    const line = lines.get(`${label} ${source}`) ?? { fact: [label, "", source], names: [] };
    line.names.push(name);
    lines.set(`${label} ${source}`, line);
  }
  return [...lines.values()]
    .map(({ fact: [label, , source], names }): Fact => [label, names.join(", "), source])
    .toSorted(([one], [other]) => one.localeCompare(other));
}

function wordFacts({ capabilities: can, sources }: CatalogEntry): readonly Fact[] {
  const words = [
    ["schema", can.structuredOutput, "structuredOutput"],
    ["cache", can.promptCache, "promptCache"],
  ] as const;
  return words.flatMap(([label, word, path]) =>
    word === "unknown" || word === "none"
      ? []
      : [[label, word.replaceAll("_", " "), sources[path] ?? ""] as const],
  );
}

function priceFacts({ capabilities: { price }, sources }: CatalogEntry): readonly Fact[] {
  return priceRows(price).map(([label, value]) => [label, value, sources["price"] ?? ""]);
}

function priceRows(price: Price | undefined): readonly (readonly [string, string])[] {
  if (price === undefined) return [];
  const tiers = (price.tiers ?? []).map((tier) => ["price", `${ratesIn(tier)}: ${tierName(tier)}`] as const);
  return [["price", ratesIn(price)], ...tiers];
}

function tierName({ service, aboveInputTokens }: PriceTier): string {
  const long = aboveInputTokens === undefined ? [] : [`prompts above ${shortCount(aboveInputTokens)}`];
  return [...(service === undefined ? [] : [service]), ...long].join(", ");
}

function ratesIn(rates: Rates): string {
  const { inputPerMillion, outputPerMillion, cacheReadPerMillion: read, cacheWritePerMillion: write } = rates;
  const cached = [
    ...(read === undefined ? [] : [`${dollars(read)} cached`]),
    ...(write === undefined ? [] : [`${dollars(write)} to cache`]),
  ];
  return [`${dollars(inputPerMillion)} in`, `${dollars(outputPerMillion)} out`, ...cached].join(", ");
}

/** Dollars without digits that say nothing. */
function dollars(amount: MicroUsd): string {
  return `$${(amount / 1_000_000).toFixed(6).replace(/\.?0+$/u, "")}`;
}

function shortCount(count: number | undefined): string {
  if (count === undefined) return "?";
  if (count >= 1_000_000) return `${Number((count / 1_000_000).toFixed(1))}M`;
  return count >= 1_000 ? `${Math.round(count / 1_000)}k` : String(count);
}

function markOf(known: Known): string {
  switch (known) {
    case "yes":
      return "yes";
    case "no":
      return "-";
    case "unknown":
      return "?";
    default:
      return unreachable(known);
  }
}

/** Aligns cells in columns. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
