import { TauError } from "@tau/core";
import { parse, TomlError } from "smol-toml";

import { didYouMean } from "./closest-word.ts";
import { countFrom, fits, flag, isTable, oneOf, secret, text, texts, url } from "./config-checks.ts";
import type { Check, Checks } from "./config-checks.ts";
import {
  apis,
  approvals,
  editDialects,
  emptyConfig,
  profiles,
  providerNames,
  searchServices,
  sideEffects,
} from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { flowKeys, isFlowList } from "./flow-checks.ts";
import { environmentKinds, environmentNames } from "./environment-kinds.ts";
import { extraTools } from "./extra-tools.ts";
import { memoryScopes } from "./memory/memory-scopes.ts";

const ruleKeys: Checks = {
  rule: text,
  reason: text,
  match: texts,
  not_match: texts,
};
const pinKeys: Checks = { paths: texts, sha256: text };
const rules: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === undefined || fits(item, ruleKeys, "rule"))
    ? undefined
    : 'a list of texts such as "bash(npm test)", or of { rule, reason, match, not_match }';
const programs: Check = (value) =>
  isTable(value) && Object.values(value).every((item) => fits(item, pinKeys, "paths"))
    ? undefined
    : 'programs by name, such as git = { paths = ["/usr/bin/git"] }';
// What is in each is checked by `mistakesInFlow`, which names the field.
const flow: Check = (value) =>
  isFlowList(value) ? undefined : 'a list such as [{ effect = "write", decision = "ask" }]';
// What is in it is read when somebody wants the servers: most commands do not.
const servers: Check = (value) => (isTable(value) ? undefined : "sections, each written [mcp.servers.NAME]");

const checks: Readonly<Record<keyof ConfigFile, Checks>> = {
  model: {
    provider: oneOf(providerNames),
    id: text,
    base_url: url,
    api: oneOf(apis),
    api_key: secret,
    input_price: countFrom(0),
    output_price: countFrom(0),
    context_window: countFrom(1),
  },
  agent: {
    instructions: text,
    edit_dialect: oneOf(editDialects),
    role: text,
    search_tools_above: countFrom(1),
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
    flow,
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
  environment: { kind: oneOf(environmentNames), network: flag, ...sections(environmentKinds) },
  tools: Object.fromEntries(setsIn("tools").map(({ name }) => [name, flag])),
  modules: Object.fromEntries(setsIn("modules").map(({ name }) => [name, flag])),
  // Its keys are the person's: see `mistakesOfRole`.
  roles: {},
  network: { hosts: texts, addresses: texts },
  web: { search: oneOf(searchServices), api_key: secret, base_url: url },
  credentials: { name: text, host: text, variable: text, secret, plain_http: flag },
  memory: { enabled: flag, scope: oneOf(memoryScopes), instructions: flag },
  server: { url, token: secret },
  serve: { folders: texts },
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

function setsIn(wanted: "tools" | "modules"): typeof extraTools {
  return extraTools.filter(({ section = "tools" }) => section === wanted);
}

/** Keys that must be sections; what those may have is in their rows. */
function sections(kinds: typeof environmentKinds): Checks {
  const named = kinds.filter(({ keys }) => keys !== undefined).map(({ name }) => name);
  return Object.fromEntries(named.map((name) => [name, () => `a section, written [environment.${name}]`]));
}

/** Every key of a section that has fixed ones, such as `model.provider`, in the order in which they are documented. */
export function configKeys(): readonly string[] {
  return Object.entries(checks).flatMap(([section, keys]) =>
    Object.keys(keys).map((key) => `${section}.${key}`),
  );
}

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
  if (section === "roles" && isTable(values)) return Object.entries(values).flatMap(mistakesOfRole);
  if (needed !== undefined) return listMistakes(section, values, needed);
  if (!isTable(values)) return [`${section} must be a section, written [${section}].`];
  return [
    ...missingPrices(section, values),
    ...Object.entries(values).flatMap(([key, value]) => keyMistakes(section, key, value)),
  ];
}

/** Half a price would be none, without a word. */
function missingPrices(section: string, values: Readonly<Record<string, unknown>>): readonly string[] {
  if (!Object.keys(values).some((key) => key.endsWith("_price"))) return [];
  return ["input_price", "output_price"]
    .filter((key) => !(key in values))
    .map((key) => `${section}.${key} is missing: prices go together.`);
}

const classes: Check = (value) =>
  Array.isArray(value) && value.every((one) => oneOf(sideEffects)(one) === undefined)
    ? undefined
    : `a list of ${sideEffects.join(", ")}`;
const roleKeys: Checks = { tools: texts, except: texts, side_effects: classes };

function mistakesOfRole([name, value]: readonly [string, unknown]): readonly string[] {
  if (!isTable(value)) return [`roles.${name} must be a section, written [roles.${name}].`];
  return Object.entries(value).flatMap((entry) => mistakesOf(`roles.${name}`, roleKeys, entry));
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
    ...missingPrices(section, item),
    ...Object.entries(item).flatMap(([key, value]) => keyMistakes(section, key, value)),
  ]);
}

function keyMistakes(section: keyof ConfigFile, key: string, value: unknown): readonly string[] {
  if (section === "permissions" && key === "flow" && isFlowList(value)) return value.flatMap(mistakesInFlow);
  const own = isTable(value) ? tables[section]?.find(({ name }) => name === key) : undefined;
  if (own === undefined || !isTable(value)) return mistakesOf(section, checks[section], [key, value]);
  return Object.entries(value).flatMap((entry) => mistakesOf(`${section}.${key}`, own.keys ?? {}, entry));
}

function mistakesInFlow(rule: Readonly<Record<string, unknown>>, index: number): readonly string[] {
  const where = `permissions.flow[${index}]`;
  return [
    ...["effect", "decision"]
      .filter((key) => !(key in rule))
      .map((key) => `${where}.${key} is missing; it is ${flowKeys[key]?.(undefined)}.`),
    ...Object.entries(rule).flatMap((entry) => mistakesOf(where, flowKeys, entry)),
  ];
}

/** Sections some of whose keys may be sections themselves. */
const tables: Readonly<
  Partial<Record<keyof ConfigFile, readonly { readonly name: string; readonly keys?: Checks }[]>>
> = { environment: environmentKinds, tools: setsIn("tools"), modules: setsIn("modules") };

function mistakesOf(
  where: string,
  known: Checks,
  [key, value]: readonly [string, unknown],
): readonly string[] {
  const check = Object.hasOwn(known, key) ? known[key] : undefined;
  if (check === undefined) {
    const names = Object.keys(known);
    const there = names.length === 0 ? "it has none" : `there is ${names.join(", ")}`;
    return [`${where}.${key} is not a key; ${there}.${didYouMean(key, names)}`];
  }
  const wanted = check(value);
  if (wanted === undefined) return [];
  // A value that should be a reference may be the secret itself.
  const found = check === secret ? "" : `, not ${JSON.stringify(value)}`;
  return [`${where}.${key} must be ${wanted}${found}.`];
}

function isSection(name: string): name is keyof ConfigFile {
  return Object.hasOwn(checks, name);
}

function invalid(path: string, mistakes: readonly string[]): TauError {
  const [only] = mistakes;
  return new TauError(
    "config.invalid",
    mistakes.length === 1 ? `${path}: ${only}` : `${path}:\n  ${mistakes.join("\n  ")}`,
  );
}
