import { clusterKeys } from "./cluster-keys.ts";
import { countFrom, fits, flag, text, texts, url } from "./config-checks.ts";
import type { Check, Checks } from "./config-checks.ts";
import { isInRepository } from "./is-in-repository.ts";
import type { Settings } from "./settings.ts";
import type { ExtraModule, ExtraToolsFile } from "./tools/extra-tools-file.ts";

/**
 * A set of tools that an agent has only where it is on: a row here, and a file of its own below `tools/` that is loaded
 * when it is used. Nothing else of the command has to know of it.
 */
export interface ExtraTools {
  /** Its section of a tau.toml: modules are sets that live in the session, or on what the person has. Default: tools. */
  readonly section?: "modules";
  /** Its key in that section, and its word for `--with`, `--without`, `tau tools` and `tau doctor`. */
  readonly name: string;
  /** What agents do with it, in a few words. */
  readonly does: string;
  /** Whether it is on where nobody says so. What reaches further than the built-in tools is off. */
  readonly byDefault: (settings: Settings) => boolean;
  /** What `[tools.NAME]` or `[modules.NAME]` may say; `NAME = true` turns it on as it is. */
  readonly keys?: Checks;
  /** Whether it is nothing without its keys, so that a flag alone cannot turn it on. */
  readonly needsKeys?: true;
  /** Which of its tools need no other rule where it is on: for those that do nothing by themselves. */
  readonly allows?: (settings: Settings) => readonly string[];
  /** Whether its tools need a run of an agent around them: its session, its hooks, or the other tools. */
  readonly needsRun?: true;
  readonly load: () => Promise<ExtraToolsFile>;
}

const sourceKeys: Checks = { name: text, path: text, url, at: texts, description: text };
const dataSources: Check = (value) =>
  Array.isArray(value) && value.every((one) => fits(one, sourceKeys, "name"))
    ? undefined
    : 'a list of { name = "orders", path = "orders.csv", description = "…" }, or with url = "https://…" instead of path';

/** Every optional set of tools, in the order in which they are opened. */
export const extraTools: readonly ExtraTools[] = [
  {
    name: "web",
    does: "fetch pages, call APIs, search by the service under [web]",
    byDefault: () => true,
    // Who named a search service wants it to be asked.
    allows: ({ web }) => (web.search === undefined ? [] : ["web_search"]),
    load: async () => (await import("./tools/web.ts")).webFile,
  },
  {
    name: "git",
    does: "look, commit and publish; nothing that a repository brings is run",
    byDefault: ({ cwd }) => isInRepository(cwd),
    keys: { name: text, email: text },
    load: async () => (await import("./tools/git.ts")).gitFile,
  },
  {
    name: "python",
    does: "run Python: this machine's in the sandbox, else one in WebAssembly",
    byDefault: () => false,
    load: async () => (await import("./tools/python.ts")).pythonFile,
  },
  {
    name: "docker",
    does: "look at containers, logs and images; start, stop, remove and pull",
    byDefault: () => false,
    keys: { engine: text },
    // Looking changes nothing, and who turned it on wants it to look; docker_write is asked about as ever.
    allows: () => ["docker_read"],
    load: async () => (await import("./tools/docker.ts")).dockerFile,
  },
  {
    name: "script",
    does: "call tools from a small program, and read its result alone",
    byDefault: () => false,
    needsRun: true,
    // By itself it does nothing; what it calls is decided on as ever.
    allows: () => ["run_script"],
    load: async () => (await import("./tools/script.ts")).scriptFile,
  },
  {
    name: "kubernetes",
    does: "look at a cluster; change it where you say",
    byDefault: () => false,
    // A change is shown by a hook before it is made.
    needsRun: true,
    keys: { ...clusterKeys, namespaces: texts, change: texts },
    load: async () => (await import("./tools/kubernetes.ts")).kubernetesFile,
  },
  {
    name: "browser",
    does: "use pages with their scripts, in a Chromium that a jail keeps",
    byDefault: () => false,
    keys: { program: text, hosts: texts, idle_seconds: countFrom(1), scripts: flag },
    load: async () => (await import("./tools/browser.ts")).browserFile,
  },
  {
    section: "modules",
    name: "planning",
    does: "write a plan of several steps into the session, and keep it",
    byDefault: () => false,
    needsRun: true,
    // They touch nothing but the session's own log.
    allows: () => ["create_plan", "update_plan"],
    load: async () => (await import("./tools/planning.ts")).planningFile,
  },
  {
    section: "modules",
    name: "knowledge",
    does: "search and read the documents of a folder",
    byDefault: () => false,
    keys: { folder: text, endings: texts },
    needsKeys: true,
    load: async () => (await import("./tools/knowledge.ts")).knowledgeFile,
  },
  {
    section: "modules",
    name: "datasource",
    does: "ask data in SQL: .csv, .json, SQLite, JSON of an address",
    byDefault: () => false,
    keys: { sources: dataSources },
    needsKeys: true,
    load: async () => (await import("./tools/datasource.ts")).datasourceFile,
  },
];

/** Whether the settings have this set: they say so, or it is there by default. */
export function isUsed(row: ExtraTools, settings: Settings): boolean {
  const { name, section = "tools", byDefault } = row;
  const said = settings[section][name];
  return said === undefined ? byDefault(settings) : said !== false;
}

/** The rules that sets bring along which are on. */
export function extraRules(settings: Settings): readonly string[] {
  return extraTools.flatMap((row) => (isUsed(row, settings) ? (row.allows?.(settings) ?? []) : []));
}

/** A set that was opened, not yet begun. */
export interface OpenedTools {
  readonly row: ExtraTools;
  readonly module: ExtraModule;
}

/** Whether somebody said that this set is on. */
export function isNamed(row: ExtraTools, settings: Settings): boolean {
  const { name, section = "tools" } = row;
  const said = settings[section][name];
  return said !== undefined && said !== false;
}

/** Opens every set that is on, or that `wanted` says, in order. @throws TauError `config.invalid`, `cli.usage` */
export async function openExtraTools(
  settings: Settings,
  wanted: (row: ExtraTools, settings: Settings) => boolean = isUsed,
): Promise<readonly OpenedTools[]> {
  const opened: OpenedTools[] = [];
  for (const row of extraTools)
    if (wanted(row, settings)) opened.push({ row, module: await (await row.load()).open(settings) });
  return opened;
}
