import type { Module } from "@tau/tools";

import type { Checks } from "./config-checks.ts";
import { isInRepository } from "./is-in-repository.ts";
import type { Settings } from "./settings.ts";
import type { ExtraToolsFile } from "./tools/extra-tools-file.ts";

/**
 * A set of tools that an agent has only where it is on: a row here, and a file of its own below `tools/` that is loaded
 * when it is used. Nothing else of the command has to know of it.
 */
export interface ExtraTools {
  /** Its key under `[tools]` in a tau.toml, and its word for `--with`, `--without`, `tau tools` and `tau doctor`. */
  readonly name: string;
  /** What agents do with it, in a few words. */
  readonly does: string;
  /** Whether it is on where nobody says so. What reaches further than the built-in tools is off. */
  readonly byDefault: (settings: Settings) => boolean;
  /** What `[tools.NAME]` may say; a set without keys is written `NAME = true`. */
  readonly keys?: Checks;
  /** Which of its tools need no other rule where it is on: for those that do nothing by themselves. */
  readonly allows?: (settings: Settings) => readonly string[];
  readonly load: () => Promise<ExtraToolsFile>;
}

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
    load: async () => (await import("./tools/git.ts")).gitFile,
  },
  {
    name: "python",
    does: "run Python: this machine's in the sandbox, else one in WebAssembly",
    byDefault: () => false,
    load: async () => (await import("./tools/python.ts")).pythonFile,
  },
  {
    name: "script",
    does: "call tools from a small program, and read its result alone",
    byDefault: () => false,
    // By itself it does nothing; what it calls is decided on as ever.
    allows: () => ["run_script"],
    load: async () => (await import("./tools/script.ts")).scriptFile,
  },
];

/** Whether the settings have this set: they say so, or it is there by default. */
export function isUsed({ name, byDefault }: ExtraTools, settings: Settings): boolean {
  const said = settings.tools[name];
  return said === undefined ? byDefault(settings) : said !== false;
}

/** The rules that sets bring along which are on. */
export function extraRules(settings: Settings): readonly string[] {
  return extraTools.flatMap((row) => (isUsed(row, settings) ? (row.allows?.(settings) ?? []) : []));
}

/** Opens every set that is on, in order. @throws TauError `cli.usage` */
export async function openExtraTools(settings: Settings): Promise<readonly Module[]> {
  const modules: Module[] = [];
  for (const row of extraTools)
    if (isUsed(row, settings)) modules.push(await (await row.load()).open(settings));
  return modules;
}
