import { extname, resolve } from "node:path";

import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";
import {
  createDatasourceModule,
  createFileSource,
  createHttpJsonSource,
  createSqliteSource,
} from "@tau/tools";
import type { DataSource, Module } from "@tau/tools";

import { createEgressLog } from "../egress-log.ts";
import { localTenant } from "../local-context.ts";
import type { Settings } from "../settings.ts";
import { invalidConfig } from "../invalid-config.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { namedPath } from "./named-path.ts";
import { assertPermitted, standingRules } from "./standing-rules.ts";
import type { StandingRules } from "./standing-rules.ts";

/** `data_sources` and `data_query`: files and answers of addresses that can be asked in SQL. */
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

interface Opening {
  readonly settings: Settings;
  readonly rules: StandingRules;
}

async function open(settings: Settings): Promise<Module> {
  const { modules } = settings;
  const { sources } = isJsonObject(modules["datasource"]) ? modules["datasource"] : {};
  const rules = await standingRules(settings);
  const opened: DataSource[] = [];
  for (const one of Array.isArray(sources) ? sources : [])
    opened.push(await sourceOf(one, { settings, rules }));
  if (opened.length === 0)
    throw invalidConfig(
      'modules.datasource needs data: [modules.datasource] with sources = [{ name = "orders", path = "orders.csv" }].',
    );
  const description = `${opened.map(({ name }) => name).join(", ")}.`;
  return { ...createDatasourceModule({ sources: opened }), description };
}

async function sourceOf(value: Json, opening: Opening): Promise<DataSource> {
  const { name, path, url, description, at } = isJsonObject(value) ? value : {};
  const wrong = "modules.datasource: each of the sources needs a name, and a path or a url.";
  if (typeof name !== "string" || (path !== undefined && url !== undefined)) throw invalidConfig(wrong);
  const named = { name, description: typeof description === "string" ? description : name };
  if (typeof path === "string") return await fileSource(path, named, opening);
  if (typeof url !== "string") throw invalidConfig(wrong);
  const keys = Array.isArray(at) ? at.filter((key) => typeof key === "string") : [];
  return addressSource({ ...named, url, at: keys }, opening);
}

type Named = { readonly name: string; readonly description: string };

async function fileSource(file: string, named: Named, { settings, rules }: Opening): Promise<DataSource> {
  const { cwd } = settings;
  const key = `modules.datasource: ${named.name}`;
  const path = await namedPath(key, file, cwd);
  const isPermitted = rules.mayRead(path) && rules.mayRead(resolve(cwd, file));
  assertPermitted(key, JSON.stringify(file), isPermitted);
  const options = { ...named, path };
  const isText = [".csv", ".json"].includes(extname(path).toLowerCase());
  return isText ? createFileSource(options) : createSqliteSource(options);
}

/** An address is asked once, when the tools are opened, by a client that reaches its host and nothing else. */
function addressSource(
  { url, ...named }: Named & { readonly url: string; readonly at: readonly string[] },
  { settings: { home, egress }, rules }: Opening,
): DataSource {
  const host = hostOf(named.name, url);
  assertPermitted(`modules.datasource: ${named.name}`, host, !rules.isBarred(host));
  return createHttpJsonSource({
    ...named,
    url,
    async fetch(input, init) {
      const { createCheckedFetch } = await import("@tau/egress");
      await using client = createCheckedFetch({
        caller: { tenant: localTenant },
        hosts: [host],
        addresses: egress.addresses,
        audit: createEgressLog(home),
      });
      const response = await client.fetch(input, init);
      // Read before the client ends.
      return new Response(await response.text(), { status: response.status });
    },
  });
}

function hostOf(name: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/u.test(parsed.protocol))
    throw invalidConfig(
      `modules.datasource: ${name}: url must be an address that begins with https:// or http://.`,
    );
  const usual = parsed.protocol === "https:" ? 443 : 80;
  return `${parsed.hostname}:${parsed.port === "" ? usual : parsed.port}`;
}
