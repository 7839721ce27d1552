import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createCatalog, parseModelList } from "@tau/agent";
import type { CapabilityFacts, Catalog, Known, ModelList, ModelOverride } from "@tau/agent";

import type { ConfiguredModel } from "./config-file.ts";
import { optional } from "./optional.ts";

/**
 * The catalog of this machine: what Tau ships, the lists that `tau models --refresh` fetched, and what the
 * configuration says.
 */
export async function openCatalog(home: string, models: readonly ConfiguredModel[]): Promise<Catalog> {
  return createCatalog({ lists: await keptLists(home), overrides: models.map(toOverride) });
}

/** Keeps a provider's list for the next commands, instead of the one that was kept before. */
export async function keepList(home: string, list: ModelList): Promise<void> {
  const folder = listFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${list.provider.replaceAll(/[^a-z0-9_-]/g, "_")}.json`);
  // A reader sees the old list or the new one, never half of one.
  await writeFile(`${path}.${process.pid}`, JSON.stringify(list));
  await rename(`${path}.${process.pid}`, path);
}

function listFolder(home: string): string {
  return join(home, "models");
}

/** A list that cannot be read is none: it can be fetched again. */
async function keptLists(home: string): Promise<readonly ModelList[]> {
  const folder = listFolder(home);
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) => await readFile(join(folder, name), "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => parseModelList(text) ?? []);
}

function toOverride(model: ConfiguredModel): ModelOverride {
  const { provider, id, as } = model;
  return { provider, id, ...optional("as", as), facts: factsOf(model) };
}

function factsOf(model: ConfiguredModel): CapabilityFacts {
  return {
    ...optional("maxContextTokens", model.context_window),
    ...optional("maxOutputTokens", model.max_output),
    ...optional("tools", known(model.tools)),
    ...optional("parallelTools", known(model.parallel_tools)),
    ...optional("forcedTools", known(model.forced_tools)),
    ...optional("toolsWithSchema", known(model.tools_with_schema)),
    ...optional("reasoning", known(model.reasoning)),
    ...optional("reasoningWithTools", known(model.reasoning_with_tools)),
    ...optional("sampling", known(model.sampling)),
    input: {
      ...optional("image", known(model.vision)),
      ...optional("audio", known(model.audio)),
      ...optional("file", known(model.files)),
    },
    ...priceOf(model),
  };
}

function known(flag: boolean | undefined): Known | undefined {
  if (flag === undefined) return undefined;
  return flag ? "yes" : "no";
}

function priceOf(model: ConfiguredModel): CapabilityFacts {
  const { input_price: inputPerMillion, output_price: outputPerMillion } = model;
  if (inputPerMillion === undefined || outputPerMillion === undefined) return {};
  return {
    price: {
      inputPerMillion,
      outputPerMillion,
      ...optional("cacheReadPerMillion", model.cache_read_price),
      ...optional("cacheWritePerMillion", model.cache_write_price),
    },
  };
}
