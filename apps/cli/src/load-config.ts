import { resolve } from "node:path";

import { isTauError, TauError } from "@tau/core";
import type { PermissionLayer } from "@tau/tools";

import { configPath, emptyConfig, readConfigText } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { configSetText } from "./config-set.ts";
import { layerOf, machineLayers } from "./rule-layers.ts";
import type { RulePlaces } from "./rule-layers.ts";
import { isTrusted } from "./trust.ts";

/** A configuration and where it was read. */
export interface LoadedConfig {
  readonly config: ConfigFile;
  /** Absent when there is no file. */
  readonly path?: string;
  /** The rules of every layer that there is a file of. */
  readonly layers: readonly PermissionLayer[];
  /** Whether the file only tightens because nobody trusts it yet. */
  readonly untrusted?: true;
}

/** Where to look for a configuration. */
export interface ConfigPlace {
  /** Where Tau keeps its data. */
  readonly home: string;
  readonly cwd: string;
  /** The file that the command line names; it counts without being trusted first, for the same person names it. */
  readonly named: string | undefined;
  /** Where the machine's own rules are, for tests. */
  readonly rules?: Omit<RulePlaces, "home">;
}

/** Reads the folder's tau.toml, or the file that is named. @throws TauError `config.*` */
export async function loadConfig({ home, cwd, named, rules }: ConfigPlace): Promise<LoadedConfig> {
  const path = named === undefined ? configPath(cwd) : resolve(cwd, named);
  const layers = await machineLayers({ ...rules, home });
  const text = await readConfigText(path);
  if (text === undefined) {
    if (named === undefined) return { config: emptyConfig, layers };
    throw new TauError("config.not_found", `The configuration file ${path} does not exist.`);
  }
  // The parser costs 6 ms, and most folders have no file.
  const { parseConfig } = await import("./parse-config.ts");
  if (named !== undefined) {
    const config = parseConfig(text, path);
    return { config, path, layers: [...layers, layerOf("session", path, config.permissions)] };
  }
  if (await isTrusted(home, path, await configSetText(path, text))) {
    const config = parseConfig(text, path);
    return { config, path, layers: [...layers, layerOf("project", path, config.permissions)] };
  }
  const { permissions, mistakes } = permissionsAlone(() => parseConfig(text, path));
  if (permissions === undefined) {
    throw new TauError(
      "config.untrusted",
      `${path} is not trusted yet, or it, .mcp.json or something in .tau changed since it was. Read it, then run "tau trust"; or name it with --config.${mistakes}`,
    );
  }
  const project = { ...layerOf("project", path, permissions), trusted: false };
  const config = { ...emptyConfig, permissions: tightening(permissions) };
  return { config, path, layers: [...layers, project], untrusted: true };
}

interface Untrusted {
  readonly permissions?: ConfigFile["permissions"];
  /** What is wrong with it, as a sentence to go on with; nothing of it counts. */
  readonly mistakes: string;
}

/** The permissions of a file that has nothing else. */
function permissionsAlone(parse: () => ConfigFile): Untrusted {
  try {
    const { permissions, ...others } = parse();
    const isEmpty = Object.values(others).every((section) => Object.keys(section).length === 0);
    return isEmpty ? { permissions, mistakes: "" } : { mistakes: "" };
  } catch (error) {
    if (!isTauError(error)) throw error;
    return { mistakes: `\nIt has mistakes, too: ${error.message}` };
  }
}

/** What of a profile and of answers is as strict as can be. */
function tightening({ profile, approve }: ConfigFile["permissions"]): ConfigFile["permissions"] {
  return {
    ...(profile === "read-only" ? { profile } : {}),
    ...(approve === "never" ? { approve } : {}),
    untrusted: true,
  };
}
