import type { CapabilityFacts, ModelCapabilities } from "../capabilities.ts";
import type { CatalogModel, ModelList } from "./catalog-model.ts";
import { factsOfTheModel, stackFacts } from "./fact-layers.ts";
import type { FactLayer } from "./fact-layers.ts";
import { cleanModelId, idForms, idKey } from "./model-id.ts";
import { loadShipped, providerNameOf, shippedProviders } from "./shipped-lists.ts";

/** What the configuration says of a model; it wins over everything else. */
export interface ModelOverride {
  readonly provider: string;
  readonly id: string;
  /** The model's own id in the catalog, when `id` is a name of one's own, such as a deployment's. */
  readonly as?: string;
  readonly facts?: CapabilityFacts;
}

/** One model, with everything that is known of it. */
export interface CatalogEntry {
  readonly provider: string;
  /** As the provider lists it; the id that was asked for where no list has it. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly name?: string;
  readonly capabilities: ModelCapabilities;
  /** Who says so, for each known capability by its name, such as `tools`, `input.image` or `price`. */
  readonly sources: Readonly<Record<string, string>>;
}

/** What is known of models. Nothing is asked of any provider, and nothing is loaded before the first question. */
export interface Catalog {
  /**
   * Finds a model by the provider's name and its id: in any case, with or without a date, as an alias, as
   * `lab/model`, `model@version`, `model:tag` or a resource's path. Undefined when nothing at all is known.
   */
  find(provider: string, id: string): Promise<CatalogEntry | undefined>;
  /** All models of one provider, or of all. */
  list(provider?: string): Promise<readonly CatalogEntry[]>;
  /** The same catalog with a provider's own list in it, instead of the one it had of that provider. */
  withList(list: ModelList): Catalog;
}

/** Options of {@link createCatalog}. */
export interface CatalogOptions {
  readonly overrides?: readonly ModelOverride[];
  /** Providers' own lists, see `getModels()`; they win over what Tau ships. */
  readonly lists?: readonly ModelList[];
}

/** Makes a {@link Catalog} of the models that Tau knows, the providers' own lists and the configuration. */
export function createCatalog(options: CatalogOptions = {}): Catalog {
  const { overrides = [], lists = [] } = options;
  const fetched = new Map(lists.map((list) => [providerNameOf(list.provider), toIndex(list)]));
  const sources = { overrides, fetched };

  return {
    async find(provider, id) {
      const clean = cleanModelId(id);
      return clean === undefined ? undefined : await findEntry(sources, providerNameOf(provider), clean);
    },

    async list(provider) {
      const named = provider === undefined ? undefined : providerNameOf(provider);
      const names = named === undefined ? allProviders(sources) : [named];
      const entries = await Promise.all(names.map(async (name) => await listEntries(sources, name)));
      return entries.flat();
    },

    withList(list) {
      const others = lists.filter(
        (other) => providerNameOf(other.provider) !== providerNameOf(list.provider),
      );
      return createCatalog({ overrides, lists: [...others, list] });
    },
  };
}

interface Index {
  readonly source: string;
  readonly models: readonly CatalogModel[];
  readonly byKey: ReadonlyMap<string, CatalogModel>;
}

interface Sources {
  readonly overrides: readonly ModelOverride[];
  readonly fetched: ReadonlyMap<string, Index>;
}

const indexes = new Map<string, Promise<Index | undefined>>();

/** The index of a shipped list, made once for the process: lists never change. */
async function shippedIndex(provider: string): Promise<Index | undefined> {
  const name = providerNameOf(provider);
  if (!shippedProviders.includes(name)) return undefined;
  let index = indexes.get(name);
  if (index === undefined) {
    index = loadShipped(name).then((list) => (list === undefined ? undefined : toIndex(list)));
    indexes.set(name, index);
  }
  return await index;
}

function toIndex({ source, models }: ModelList): Index {
  const byKey = new Map<string, CatalogModel>();
  for (const model of models) {
    for (const id of [model.id, ...(model.aliases ?? [])]) {
      // The first one listed keeps an id that two claim.
      if (!byKey.has(idKey(id))) byKey.set(idKey(id), model);
    }
  }
  return { source, models, byKey };
}

function lookUp(index: Index | undefined, id: string): CatalogModel | undefined {
  if (index === undefined) return undefined;
  for (const form of idForms(id)) {
    const model = index.byKey.get(idKey(form));
    if (model !== undefined) return model;
  }
  return undefined;
}

async function findEntry(
  sources: Sources,
  provider: string,
  asked: string,
): Promise<CatalogEntry | undefined> {
  const override = sources.overrides.find(
    (one) => providerNameOf(one.provider) === provider && idKey(one.id) === idKey(asked),
  );
  const id = cleanModelId(override?.as) ?? asked;
  const shippedList = await shippedIndex(provider);
  const fetchedList = sources.fetched.get(provider);
  const [shipped, fetched] = [lookUp(shippedList, id), lookUp(fetchedList, id)];
  const layers: FactLayer[] = [];
  if (shipped === undefined) layers.push(...(await layersFromOthers(provider, id)));
  else layers.push({ source: `catalog: ${shippedList?.source ?? ""}`, facts: shipped.facts });
  if (fetched !== undefined) layers.push({ source: fetchedList?.source ?? "", facts: fetched.facts });
  if (override?.facts !== undefined) layers.push({ source: "configuration", facts: override.facts });
  if (layers.length === 0 && override === undefined) return undefined;
  const named = override?.as === undefined ? (fetched ?? shipped) : undefined;
  return toEntry(provider, { ...shipped, ...named, id: named?.id ?? asked }, layers);
}

function toEntry(
  provider: string,
  { id, aliases = [], name }: Omit<CatalogModel, "facts">,
  layers: readonly FactLayer[],
): CatalogEntry {
  return { provider, id, aliases, ...(name === undefined ? {} : { name }), ...stackFacts(layers) };
}

/** Providers that offer the models of others under the others' names. */
const resellers: ReadonlyMap<string, readonly string[]> = new Map([
  ["vertex", ["gemini", "anthropic"]],
  ["bedrock", ["anthropic", "openai"]],
  ["bedrock-mantle", ["openai", "anthropic"]],
  ["azure", ["openai", "anthropic"]],
]);

/** What is known of a model that its provider's list does not have: from whoever made it, or from its weights. */
async function layersFromOthers(provider: string, id: string): Promise<readonly FactLayer[]> {
  const [lab = "", ...rest] = id.split("/");
  const named = rest.length > 0 ? [lab] : (resellers.get(provider) ?? []);
  for (const maker of named.map(providerNameOf)) {
    const model = lookUp(await shippedIndex(maker), rest.length > 0 ? rest.join("/") : id);
    if (model === undefined) continue;
    return [{ source: `catalog: as ${maker}/${model.id}`, facts: factsOfTheModel(model.facts) }];
  }
  const weights = await shippedIndex("open-weights");
  const model = lookUp(weights, id.split("/").at(-1) ?? id);
  if (weights === undefined || model === undefined) return [];
  return [{ source: `catalog: ${weights.source}`, facts: model.facts }];
}

function allProviders({ overrides, fetched }: Sources): readonly string[] {
  const named = overrides.map(({ provider }) => providerNameOf(provider));
  return [...new Set([...shippedProviders, ...fetched.keys(), ...named])];
}

async function listEntries(sources: Sources, provider: string): Promise<readonly CatalogEntry[]> {
  const shipped = (await shippedIndex(provider))?.models ?? [];
  const fetched = sources.fetched.get(provider)?.models ?? [];
  const own = sources.overrides.filter((one) => providerNameOf(one.provider) === provider);
  const ids = [...fetched, ...shipped, ...own].map(({ id }) => id);
  const entries = await Promise.all(ids.map(async (id) => await findEntry(sources, provider, id)));
  const byId = new Map<string, CatalogEntry>();
  for (const entry of entries) if (entry !== undefined) byId.set(idKey(entry.id), entry);
  return [...byId.values()];
}
