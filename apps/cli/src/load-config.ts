import { resolve } from "node:path";

import { TauError } from "@tau/core";

import { configPath, emptyConfig, readConfigText } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { isTrusted } from "./trust.ts";

/** A configuration and where it was read. */
export interface LoadedConfig {
  readonly config: ConfigFile;
  /** Absent when there is no file. */
  readonly path?: string;
}

/** Where to look for a configuration. */
export interface ConfigPlace {
  /** Where Tau keeps its data. */
  readonly home: string;
  readonly cwd: string;
  /** The file that the command line names; it counts without being trusted first, for the same person names it. */
  readonly named: string | undefined;
}

/** Reads the folder's tau.toml, or the file that is named. @throws TauError `config.*` */
export async function loadConfig({ home, cwd, named }: ConfigPlace): Promise<LoadedConfig> {
  const path = named === undefined ? configPath(cwd) : resolve(cwd, named);
  const text = await readConfigText(path);
  if (text === undefined) {
    if (named === undefined) return { config: emptyConfig };
    throw new TauError("config.not_found", `The configuration file ${path} does not exist.`);
  }
  if (named === undefined && !(await isTrusted(home, path, text))) {
    throw new TauError(
      "config.untrusted",
      `${path} is not trusted yet, or changed since it was. Read it, then run "tau trust"; or name it with --config.`,
    );
  }
  // The parser costs 6 ms, and most folders have no file.
  const { parseConfig } = await import("./parse-config.ts");
  return { config: parseConfig(text, path), path };
}
