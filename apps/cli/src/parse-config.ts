import { TauError } from "@tau/core";
import { parse, TomlError } from "smol-toml";

import { didYouMean } from "./closest-word.ts";
import {
  approvals,
  editDialects,
  emptyConfig,
  environments,
  profiles,
  providerNames,
  searchServices,
} from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { memoryScopes } from "./memory/memory-scopes.ts";

/** What fits a key: undefined, or what the value must be. */
type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text in quotes");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === undefined)
    ? undefined
    : 'a list of texts, such as ["bash(npm test)"]';
const ruleKeys: Readonly<Record<string, Check>> = {
  rule: text,
  reason: text,
  match: texts,
  not_match: texts,
};
const pinKeys: Readonly<Record<string, Check>> = { paths: texts, sha256: text };
const fits = (value: unknown, keys: Readonly<Record<string, Check>>, needed: string): boolean =>
  isTable(value) &&
  needed in value &&
  Object.entries(value).every(([key, one]) => Object.hasOwn(keys, key) && keys[key]?.(one) === undefined);
const rules: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === undefined || fits(item, ruleKeys, "rule"))
    ? undefined
    : 'a list of texts such as "bash(npm test)", or of { rule, reason, match, not_match }';
const programs: Check = (value) =>
  isTable(value) && Object.values(value).every((item) => fits(item, pinKeys, "paths"))
    ? undefined
    : 'programs by name, such as git = { paths = ["/usr/bin/git"] }';
const url: Check = (value) =>
  typeof value === "string" && URL.canParse(value) && /^https?:$/u.test(new URL(value).protocol)
    ? undefined
    : 'a URL, such as "http://127.0.0.1:8000/v1"';
const secret: Check = (value) =>
  typeof value === "string" && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/u.test(value)
    ? undefined
    : 'a reference, "env:NAME" or "file:PATH", so that no key lies in a file that is shared';

// What is in it is read when somebody wants the servers: most commands do not.
const servers: Check = (value) => (isTable(value) ? undefined : "sections, each written [mcp.servers.NAME]");

const checks: Readonly<Record<keyof ConfigFile, Readonly<Record<string, Check>>>> = {
  model: {
    provider: oneOf(providerNames),
    id: text,
    base_url: url,
    api_key: secret,
    input_price: countFrom(0),
    output_price: countFrom(0),
    context_window: countFrom(1),
  },
  agent: {
    instructions: text,
    edit_dialect: oneOf(editDialects),
    max_steps: countFrom(1),
    max_tokens: countFrom(1),
  },
  permissions: {
    profile: oneOf(profiles),
    approve: oneOf(approvals),
    allow: rules,
    ask: rules,
    deny: rules,
    programs,
    untrusted: flag,
    review: flag,
  },
  budget: {
    minute_requests: countFrom(1),
    minute_tokens: countFrom(1),
    day_cost: countFrom(0),
    month_cost: countFrom(0),
    run_cost: countFrom(0),
  },
  environment: { kind: oneOf(environments), network: flag },
  network: { hosts: texts, addresses: texts },
  web: { search: oneOf(searchServices), api_key: secret, base_url: url },
  credentials: { name: text, host: text, variable: text, secret, plain_http: flag },
  memory: { enabled: flag, scope: oneOf(memoryScopes), instructions: flag },
  mcp: { servers },
  tiers: { reasoning: text, default: text, fast: text, local: text },
  models: {
    provider: text,
    id: text,
    as: text,
    context_window: countFrom(1),
    max_output: countFrom(1),
    input_price: countFrom(0),
    output_price: countFrom(0),
    cache_read_price: countFrom(0),
    cache_write_price: countFrom(0),
    tools: flag,
    parallel_tools: flag,
    forced_tools: flag,
    tools_with_schema: flag,
    reasoning: flag,
    reasoning_with_tools: flag,
    vision: flag,
    audio: flag,
    files: flag,
    sampling: flag,
  },
};

/** Parses a tau.toml and reports every mistake at once. `only` names the sections it may have. @throws TauError `config.invalid` */
export function parseConfig(
  content: string,
  path: string,
  only: readonly string[] = Object.keys(checks),
): ConfigFile {
  const table = parseToml(content, path);
  const mistakes = Object.entries(table).flatMap(([section, values]) =>
    only.includes(section) || !isSection(section)
      ? sectionMistakes(section, values)
      : [`[${section}] does not belong here; there is ${only.join(", ")}.`],
  );
  if (mistakes.length > 0) throw invalid(path, mistakes);
  const config: ConfigFile = JSON.parse(JSON.stringify({ ...emptyConfig, ...table }));
  return config;
}

function parseToml(content: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(content);
  } catch (error) {
    const [reason = ""] = error instanceof Error ? error.message.split("\n") : [];
    const line = error instanceof TomlError ? `line ${error.line}: ` : "";
    throw invalid(path, [`${line}${reason}`]);
  }
}

function sectionMistakes(section: string, values: unknown): readonly string[] {
  if (!isSection(section)) {
    const names = Object.keys(checks);
    return [`[${section}] is not a section; there is ${names.join(", ")}.${didYouMean(section, names)}`];
  }
  const needed = lists[section];
  if (needed !== undefined) return listMistakes(section, values, needed);
  if (!isTable(values)) return [`${section} must be a section, written [${section}].`];
  return Object.entries(values).flatMap(([key, value]) => keyMistakes(section, key, value));
}

/** Sections that there may be several of, and the keys that each of them must have. */
const lists: Readonly<Partial<Record<keyof ConfigFile, readonly string[]>>> = {
  models: ["provider", "id"],
  credentials: ["name", "host", "variable", "secret"],
};

function listMistakes(
  section: keyof ConfigFile,
  values: unknown,
  needed: readonly string[],
): readonly string[] {
  if (!Array.isArray(values) || !values.every(isTable))
    return [`${section} must be sections, each written [[${section}]].`];
  return values.flatMap((item) => [
    ...needed.filter((key) => !(key in item)).map((key) => `${section}.${key} is missing.`),
    ...Object.entries(item).flatMap(([key, value]) => keyMistakes(section, key, value)),
  ]);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keyMistakes(section: keyof ConfigFile, key: string, value: unknown): readonly string[] {
  const known = checks[section];
  const check = Object.hasOwn(known, key) ? known[key] : undefined;
  if (check === undefined) {
    const names = Object.keys(known);
    return [`${section}.${key} is not a key; there is ${names.join(", ")}.${didYouMean(key, names)}`];
  }
  const wanted = check(value);
  if (wanted === undefined) return [];
  // A value that should be a reference may be the secret itself.
  const found = check === secret ? "" : `, not ${JSON.stringify(value)}`;
  return [`${section}.${key} must be ${wanted}${found}.`];
}

function isSection(name: string): name is keyof ConfigFile {
  return Object.hasOwn(checks, name);
}

function oneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === "string" && words.includes(value) ? undefined : `one of ${words.join(", ")}`;
}

function countFrom(min: number): Check {
  return (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min
      ? undefined
      : `a whole number of at least ${min}`;
}

function invalid(path: string, mistakes: readonly string[]): TauError {
  const [only] = mistakes;
  return new TauError(
    "config.invalid",
    mistakes.length === 1 ? `${path}: ${only}` : `${path}:\n  ${mistakes.join("\n  ")}`,
  );
}
