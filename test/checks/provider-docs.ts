import { knownProviders } from "@tau/agent";
import type { KnownProvider } from "@tau/agent";
import { bedrockProvider } from "@tau/bedrock";

/** The kernel's providers and those of the extensions. */
export const allProviders: readonly KnownProvider[] = [...knownProviders, bedrockProvider].toSorted((a, b) =>
  a.name.localeCompare(b.name, "en"),
);

const begin = "<!-- providers: made by `npm run generate` -->";
const end = "<!-- /providers -->";

/** Puts the table of providers into docs/providers.md, between its marks. */
export function withProviderTable(document: string, providers: readonly KnownProvider[]): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/providers.md has no ${begin} … ${end}.`);
  return `${document.slice(0, from + begin.length)}\n\n${renderTable(providers)}\n\n${document.slice(to)}`;
}

/** Aligned as the formatter wants it. */
function renderTable(providers: readonly KnownProvider[]): string {
  const rows = providers.map((provider) => [
    provider.name,
    `\`${provider.id}\``,
    provider.adapters.map((adapter) => `\`${adapter}\``).join(", "),
    provider.baseUrl === undefined ? "yours" : `\`${provider.baseUrl}\``,
    provider.keyVariable === undefined ? "none" : `\`${provider.keyVariable}\``,
  ]);
  const table = [["Provider", "`provider`", "Adapters", "Address", "Key"], ...rows];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | "));
  const rule = widths.map((width) => "-".repeat(width)).join(" | ");
  return [lines[0], rule, ...lines.slice(1)].map((line) => `| ${line} |`).join("\n");
}
