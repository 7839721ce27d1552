import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";
import { parse, TomlError } from "smol-toml";

/** What a tau.toml may say. Every key is optional. */
export interface ConfigFile {
  readonly model: {
    readonly provider?: string;
    readonly id?: string;
    readonly base_url?: string;
    /** `env:NAME` or `file:PATH`; never the key itself. */
    readonly api_key?: string;
    /** Micro-USD per million tokens. */
    readonly input_price?: number;
    readonly output_price?: number;
    /** Tokens. */
    readonly context_window?: number;
  };
  readonly agent: {
    readonly instructions?: string;
    readonly max_steps?: number;
    readonly max_tokens?: number;
  };
  readonly permissions: {
    readonly profile?: string;
    readonly approve?: string;
    readonly allow?: readonly string[];
    readonly ask?: readonly string[];
    readonly deny?: readonly string[];
  };
  readonly environment: { readonly kind?: string; readonly network?: boolean };
}

type Shape = "string" | "number" | "boolean" | "strings";

const sections: Readonly<Record<keyof ConfigFile, Readonly<Record<string, Shape>>>> = {
  model: {
    provider: "string",
    id: "string",
    base_url: "string",
    api_key: "string",
    input_price: "number",
    output_price: "number",
    context_window: "number",
  },
  agent: { instructions: "string", max_steps: "number", max_tokens: "number" },
  permissions: { profile: "string", approve: "string", allow: "strings", ask: "strings", deny: "strings" },
  environment: { kind: "string", network: "boolean" },
};

/** A configuration that says nothing. */
export const emptyConfig: ConfigFile = { model: {}, agent: {}, permissions: {}, environment: {} };

/** The file that a folder's configuration is in. */
export function configPath(folder: string): string {
  return join(folder, "tau.toml");
}

/** Reads a file's text; undefined when there is none. */
export async function readConfigText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new TauError("config.not_found", `The configuration file ${path} cannot be read.`, {
      cause: error,
    });
  }
}

/** Parses a tau.toml and reports every mistake at once. @throws TauError `config.invalid` */
export function parseConfig(text: string, path: string): ConfigFile {
  const table = parseToml(text, path);
  const mistakes = Object.entries(table).flatMap(([section, values]) => sectionMistakes(section, values));
  if (mistakes.length > 0) throw invalid(path, mistakes);
  const config: ConfigFile = JSON.parse(JSON.stringify({ ...emptyConfig, ...table }));
  return config;
}

function parseToml(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(path, [
      error instanceof TomlError ? `line ${error.line}: ${error.message.split("\n")[0]}` : String(error),
    ]);
  }
}

function sectionMistakes(section: string, values: unknown): readonly string[] {
  const shapes = isSection(section) ? sections[section] : undefined;
  if (shapes === undefined)
    return [`[${section}] is not a section; there is: ${Object.keys(sections).join(", ")}`];
  if (typeof values !== "object" || values === null) return [`${section} must be a section: [${section}]`];
  return Object.entries(values).flatMap(([key, value]) => {
    const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
    if (shape === undefined)
      return [`${section}.${key} is not a key; there is: ${Object.keys(shapes).join(", ")}`];
    if (fits(value, shape)) return key === "api_key" ? keyMistakes(String(value)) : [];
    return [`${section}.${key} must be ${shape === "strings" ? "a list of strings" : `a ${shape}`}`];
  });
}

function isSection(name: string): name is keyof ConfigFile {
  return Object.hasOwn(sections, name);
}

function fits(value: unknown, shape: Shape): boolean {
  if (shape === "strings") return Array.isArray(value) && value.every((item) => typeof item === "string");
  if (shape === "number") return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  return typeof value === shape;
}

function keyMistakes(reference: string): readonly string[] {
  if (/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/u.test(reference)) return [];
  return [
    "model.api_key must be a reference, env:NAME or file:PATH, so that no key lies in a file that is shared",
  ];
}

function invalid(path: string, mistakes: readonly string[]): TauError {
  return new TauError("config.invalid", `${path}: ${mistakes.join("; ")}.`);
}
