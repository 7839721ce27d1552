import { extname } from "node:path";

import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";
import { createDatasourceModule, createFileSource, createSqliteSource } from "@tau/tools";
import type { DataSource, Module } from "@tau/tools";

import type { Settings } from "../settings.ts";
import { invalidConfig } from "../invalid-config.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { namedPath } from "./named-path.ts";

/** `data_sources` and `data_query`: files that can be asked in SQL. */
export const datasourceFile: ExtraToolsFile = {
  open,
  async check(settings) {
    const module = await open(settings);
    try {
      await module.initialize?.(new AbortController().signal);
      return { result: "ok", detail: `data_sources, data_query: ${module.description}` };
    } finally {
      await module.cleanup?.();
    }
  },
};

async function open({ modules, cwd }: Settings): Promise<Module> {
  const { sources } = isJsonObject(modules["datasource"]) ? modules["datasource"] : {};
  const opened: DataSource[] = [];
  for (const one of Array.isArray(sources) ? sources : []) opened.push(await sourceOf(one, cwd));
  if (opened.length === 0)
    throw invalidConfig(
      'modules.datasource needs data: [modules.datasource] with sources = [{ name = "orders", path = "orders.csv" }].',
    );
  const description = `${opened.map(({ name }) => name).join(", ")}.`;
  return { ...createDatasourceModule({ sources: opened }), description };
}

async function sourceOf(value: Json, cwd: string): Promise<DataSource> {
  const { name, path: named, description } = isJsonObject(value) ? value : {};
  if (typeof name !== "string" || typeof named !== "string")
    throw invalidConfig("modules.datasource: each of the sources needs a name and a path.");
  const path = await namedPath(`modules.datasource: ${name}`, named, cwd);
  const options = { name, path, description: typeof description === "string" ? description : named };
  const isText = [".csv", ".json"].includes(extname(path).toLowerCase());
  return isText ? createFileSource(options) : createSqliteSource(options);
}
