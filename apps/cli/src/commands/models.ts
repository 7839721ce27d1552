import { realpath } from "node:fs/promises";

import { getModels } from "@tau/agent";
import type { Catalog, CatalogEntry, ModelList } from "@tau/agent";
import { TauError } from "@tau/core";

import { didYouMean } from "../closest-word.ts";
import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProvider } from "../find-model.ts";
import { keepList, openCatalog } from "../known-models.ts";
import { loadConfig } from "../load-config.ts";
import { localContext } from "../local-context.ts";
import { abilityNames, abilityOf, entryLines, listLines } from "../model-lines.ts";
import type { AbilityName } from "../model-lines.ts";
import { optional } from "../optional.ts";
import { plain, plainJson } from "../plain-text.ts";
import { modelSettings } from "../read-settings.ts";
import type { ModelSettings } from "../settings.ts";
import { createStyle } from "../style.ts";
import { homeNote, tauHome } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

/** Six words a line. */
const abilityLines = [0, 6, 12].map((from) => abilityNames.slice(from, from + 6).join(", "));

/** `tau models`: what is known of models, and where it comes from. */
export const modelsCommand: Command = {
  usage: "models [MODEL] [options]",
  description: `Lists models with what they can do and cost, or shows everything known of one, and who says so.
MODEL is an id, also PROVIDER/ID, or a part of one. What nobody knows is shown as "?"; "tau probe" measures it.
Dollars are for a million tokens. Asks nobody, except with --refresh.
${homeNote}`,
  options: {
    provider: { type: "string", short: "p", value: "NAME", help: "Only this provider's." },
    can: {
      type: "string",
      value: "WORDS",
      help: `Only those known to be able to, for example tools,vision:\n${abilityLines.join(",\n")}.`,
    },
    refresh: { type: "boolean", help: "Ask the provider for its list first, and keep it for later." },
    "base-url": { type: "string", value: "URL", help: "With --refresh: where the provider answers." },
    config: {
      type: "string",
      value: "FILE",
      help: "Use this configuration file instead of the folder's tau.toml.",
    },
    json: { type: "boolean", help: "Print one model a line, as JSON, with the source of each fact." },
  },
  maxWords: 1,
  examples: [
    "tau models --provider anthropic",
    "tau models claude-opus-4-5",
    "tau models --can tools,vision",
    "tau models --refresh --provider openrouter",
  ],

  async run(args, terminal) {
    const wanted = abilitiesOf(args);
    const home = tauHome(terminal);
    const loaded = await loadConfig({
      home,
      cwd: await realpath(terminal.cwd),
      named: textOption(args, "config"),
    });
    const kept = await openCatalog(home, loaded.config.models);
    const catalog = flagOption(args, "refresh")
      ? kept.withList(await refresh(modelSettings(args, loaded), home, terminal))
      : kept;
    const { entries, exact } = await select(catalog, args);
    const able = entries.filter(({ capabilities }) =>
      wanted.every((ability) => abilityOf(capabilities, ability) === "yes"),
    );
    show(able, { exact, json: flagOption(args, "json"), terminal });
    return exitCodes.ok;
  },
};

/** Asks the provider, and keeps its list: not that of a server of one's own, for the next one is another. */
async function refresh(settings: ModelSettings, home: string, terminal: Terminal): Promise<ModelList> {
  const found = await findProvider(settings, terminal);
  const { name } = found.provider;
  const options = {
    provider: name,
    ...optional("baseUrl", found.baseUrl),
    ...optional("apiKey", found.apiKey),
  };
  const list = await getModels(options, localContext(terminal).signal);
  const keeps = name !== "compatible";
  if (keeps) await keepList(home, list);
  const count = list.models.length === 1 ? "1 model" : `${list.models.length} models`;
  const note = keeps ? "" : " Not kept: it is of this address only.";
  terminal.stderr.write(`${plain(`${name} has ${count} (${list.source}).`)}${note}\n`);
  return list;
}

function abilitiesOf(args: ParsedArgs): readonly AbilityName[] {
  const words = (textOption(args, "can") ?? "").split(",").map((word) => word.trim());
  return words.filter((word) => word !== "").map(toAbility);
}

function toAbility(word: string): AbilityName {
  const ability = abilityNames.find((name) => name === word);
  if (ability !== undefined) return ability;
  const meant = didYouMean(word, abilityNames);
  throw usageError(`--can: ${JSON.stringify(word)} is none of ${abilityNames.join(", ")}.${meant}`);
}

interface Selection {
  readonly entries: readonly CatalogEntry[];
  /** Whether they were named, rather than matched by a part of a name. */
  readonly exact: boolean;
}

async function select(catalog: Catalog, args: ParsedArgs): Promise<Selection> {
  const provider = textOption(args, "provider");
  const all = await catalog.list(provider);
  const [name] = args.positionals;
  if (name === undefined) {
    if (all.length === 0 && provider !== undefined) throw unknownProvider(provider, await catalog.list());
    return { entries: all, exact: false };
  }
  const named = await findNamed(catalog, all, name);
  if (named.length > 0) return { entries: named, exact: true };
  const part = name.toLowerCase();
  const entries = all.filter((entry) => `${entry.provider}/${entry.id}`.toLowerCase().includes(part));
  if (entries.length > 0) return { entries, exact: entries.length === 1 };
  throw new TauError(
    "cli.usage",
    `Nothing is known of a model ${JSON.stringify(name)}.${didYouMean(
      name,
      all.map(({ id }) => id),
    )}`,
  );
}

/** The models that have this name: of the provider that stands before it, or of each that knows it. */
async function findNamed(
  catalog: Catalog,
  all: readonly CatalogEntry[],
  name: string,
): Promise<readonly CatalogEntry[]> {
  const providers = [...new Set(all.map(({ provider }) => provider))];
  const [first = "", ...rest] = name.split("/");
  const asked =
    rest.length > 0 && providers.includes(first)
      ? [await catalog.find(first, rest.join("/"))]
      : await Promise.all(providers.map(async (provider) => await catalog.find(provider, name)));
  // What a provider does not list is known from elsewhere, and would appear under each of them.
  return asked
    .filter((entry) => entry !== undefined)
    .filter((entry) => all.some((one) => isSame(one, entry)));
}

function isSame(one: CatalogEntry, other: CatalogEntry): boolean {
  return one.provider === other.provider && one.id === other.id;
}

function unknownProvider(provider: string, all: readonly CatalogEntry[]): TauError {
  const names = [...new Set(all.map((entry) => entry.provider))];
  return usageError(
    `Nothing is known of models of ${JSON.stringify(provider)}; there is ${names.join(", ")}.${didYouMean(provider, names)}`,
  );
}

interface Show {
  readonly exact: boolean;
  readonly json: boolean;
  readonly terminal: Terminal;
}

function show(entries: readonly CatalogEntry[], { exact, json, terminal }: Show): void {
  if (json) {
    for (const entry of entries) writeLine(terminal, plainJson(entry));
    return;
  }
  const style = createStyle(terminal);
  const lines = exact
    ? entries.flatMap((entry) => ["", ...entryLines(entry, style)]).slice(1)
    : listLines(entries, style);
  if (entries.length === 0) writeLine(terminal, "No model is known to be able to do all of that.");
  else for (const line of lines) writeLine(terminal, line);
}
