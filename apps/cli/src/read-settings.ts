import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { resolveTier } from "@tau/agent";
import type { JsonObject } from "@tau/core";
import type { NetworkAccess } from "@tau/tools";

import { didYouMean } from "./closest-word.ts";
import { choiceOption, countOption, flagOption, textOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import { isTable } from "./config-checks.ts";
import { apis, approvals, emptyConfig, profiles, providerNames, tierNames } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { environmentNames } from "./environment-kinds.ts";
import { extraTools } from "./extra-tools.ts";
import { loadConfig } from "./load-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { optional } from "./optional.ts";
import { plain } from "./plain-text.ts";
import { planSettings } from "./plan-mode.ts";
import type { ModelSettings, Settings } from "./settings.ts";
import { tauHome } from "./tau-home.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/**
 * Reads the settings of a command that runs agents: flags win over the configuration file.
 *
 * @throws TauError `cli.usage`, `config.*`
 */
export async function readSettings(
  args: ParsedArgs,
  terminal: Terminal,
  someoneAnswers: boolean,
): Promise<Settings> {
  const home = tauHome(terminal);
  const cwd = await folderOf(args, terminal);
  const loaded = await loadConfig({ home, cwd, named: textOption(args, "config") });
  if (loaded.untrusted === true)
    terminal.stderr.write(
      `Not trusted yet, so only its deny and ask rules count: ${plain(loaded.path ?? "")}. "tau trust" shows it.\n`,
    );
  return settingsFrom(args, loaded, { home, cwd, someoneAnswers });
}

/** The folder that `--cwd` names, or this one. @throws TauError `cli.usage` when it is none, or no more */
export async function folderOf(args: ParsedArgs, { cwd }: Terminal): Promise<string> {
  const named = textOption(args, "cwd");
  const folder = resolve(cwd, named ?? "");
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return folder;
  throw usageError(
    named === undefined
      ? `The folder to work in is gone: ${folder}. Make it again and go there, or work in another one.`
      : `--cwd: ${folder} is not a folder.`,
  );
}

/** What settings need that is neither a flag nor in the file. */
interface Surroundings {
  readonly home: string;
  readonly cwd: string;
  readonly someoneAnswers: boolean;
}

/** Puts flags over a configuration. @throws TauError `cli.usage` */
export function settingsFrom(
  args: ParsedArgs,
  loaded: LoadedConfig,
  { home, cwd, someoneAnswers }: Surroundings,
): Settings {
  const { agent, budget, memory, permissions, environment, credentials, web } = loaded.config;
  const { kind = "jail", network: _, ...environments } = environment;
  const plan = isPlan(args);
  const maxSteps = countOption(args, "max-steps") ?? agent.max_steps;
  const settings: Settings = {
    home,
    cwd,
    ...optional(
      "folders",
      loaded.config.serve.folders?.map((folder) => resolve(cwd, folder)),
    ),
    agent,
    budget,
    memory: flagOption(args, "no-instructions") ? { ...memory, instructions: false } : memory,
    model: modelSettings(args, loaded),
    knownModels: loaded.config.models,
    layers: loaded.layers,
    profile: choiceOption(args, "profile", profiles) ?? permissions.profile ?? "workspace-write",
    approve:
      choiceOption(args, "approve", approvals) ?? permissions.approve ?? (someoneAnswers ? "ask" : "never"),
    environment: choiceOption(args, "environment", environmentNames) ?? kind,
    environments: Object.fromEntries(Object.entries(environments).filter(isSection)),
    ...chosenTools(args, loaded.config),
    ...rolesOf(args, loaded.config),
    untrusted: flagOption(args, "untrusted") || permissions.untrusted === true,
    review: flagOption(args, "review") || permissions.review === true,
    network: networkOf(args, loaded.config),
    egress: { addresses: loaded.config.network.addresses ?? [], credentials },
    web,
    ...optional("mcp", mcpSettings(loaded, cwd)),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  };
  return plan ? planSettings(settings) : settings;
}

function isSection(entry: readonly [string, unknown]): entry is [string, JsonObject] {
  return isTable(entry[1]);
}

/** The sets of tools that the file and, over it, the flags turn on or off. @throws TauError `cli.usage` */
function chosenTools(args: ParsedArgs, config: ConfigFile): Pick<Settings, "tools" | "modules"> {
  const chosen = { tools: { ...config.tools }, modules: { ...config.modules } };
  for (const option of ["with", "without"]) {
    for (const name of textOption(args, option)?.split(",") ?? []) {
      const row = extraTools.find((one) => one.name === name.trim());
      if (row === undefined) {
        const names = extraTools.map((one) => one.name);
        throw usageError(
          `--${option} takes ${names.join(", ")}, with commas in between, not ${JSON.stringify(name)}.${didYouMean(name, names)}`,
        );
      }
      const section = chosen[row.section ?? "tools"];
      // What the file tells a set, it is told also where a flag turns it on.
      if (option === "without") section[row.name] = false;
      else if (!isTable(section[row.name])) section[row.name] = true;
    }
  }
  return chosen;
}

/** What agents see in each role, and the role of this one. @throws TauError `cli.usage` */
function rolesOf(args: ParsedArgs, { roles, agent }: ConfigFile): Pick<Settings, "roles" | "role"> {
  const role = textOption(args, "role") ?? agent.role;
  if (role !== undefined && !Object.hasOwn(roles, role)) {
    const there = Object.keys(roles).join(", ");
    throw usageError(
      `There is no role ${JSON.stringify(role)}; ${there === "" ? "tau.toml defines them, each written [roles.NAME]" : `there is ${there}`}.${didYouMean(role, Object.keys(roles))}`,
    );
  }
  const named = Object.entries(roles).map(([name, { side_effects: sideEffects, ...rest }]) => [
    name,
    { ...rest, ...optional("sideEffects", sideEffects) },
  ]);
  return { roles: Object.fromEntries(named), ...optional("role", role) };
}

/** @throws TauError `cli.usage` when it is to plan and to do more */
function isPlan(args: ParsedArgs): boolean {
  if (!flagOption(args, "plan")) return false;
  for (const option of ["profile", "network", "review"])
    if (args.values[option] !== undefined)
      throw usageError(`--plan reads, and writes the plan alone: leave --${option} out.`);
  return true;
}

/** The flag grants all of the network; of what the file says, named hosts are less than all of it, and so count. */
function networkOf(args: ParsedArgs, { network: { hosts }, environment }: ConfigFile): NetworkAccess {
  if (flagOption(args, "network")) return true;
  return hosts === undefined || hosts.length === 0 ? environment.network === true : { hosts };
}

function mcpSettings({ config, path }: LoadedConfig, cwd: string): Settings["mcp"] {
  const { servers } = config.mcp;
  if (servers === undefined || Object.keys(servers).length === 0) return undefined;
  return { servers, lockPath: join(path === undefined ? cwd : dirname(path), "mcp.lock") };
}

/** What the flags and a configuration say of the model. @throws TauError `cli.usage`, `choice.no_tier` */
export function modelSettings(args: ParsedArgs, { config, path = "tau.toml" }: LoadedConfig): ModelSettings {
  const provider = choiceOption(args, "provider", providerNames);
  const [id, baseUrl] = [textOption(args, "model") ?? tierModel(args, config), urlOption(args, "base-url")];
  // Another provider or address on the command line has nothing to do with what the file says of its own:
  // the file's key must not go there.
  const fileCounts =
    provider === undefined ? baseUrl === undefined : provider === (config.model.provider ?? "compatible");
  const file = fileCounts ? config.model : emptyConfig.model;
  const { input_price: inputPerMillion, output_price: outputPerMillion } = file;
  const pricesFit =
    inputPerMillion !== undefined && outputPerMillion !== undefined && (id ?? file.id) === file.id;
  return {
    ...optional("provider", provider ?? file.provider),
    ...optional("id", id ?? file.id),
    ...optional("baseUrl", baseUrl ?? file.base_url),
    ...optional("api", choiceOption(args, "api", apis) ?? file.api),
    ...optional("contextWindow", file.context_window),
    ...(file.api_key === undefined
      ? {}
      : { apiKey: { reference: file.api_key, where: `${path}: model.api_key` } }),
    // Prices are of the file's model, not of another one.
    ...(pricesFit ? { price: { inputPerMillion, outputPerMillion } } : {}),
  };
}

/** The model of the tier that the command line names. @throws TauError `cli.usage`, `choice.no_tier` */
function tierModel(args: ParsedArgs, { tiers }: ConfigFile): string | undefined {
  const tier = choiceOption(args, "tier", tierNames);
  return tier === undefined ? undefined : resolveTier(tier, tiers).model;
}

function urlOption(args: ParsedArgs, name: string): string | undefined {
  const text = textOption(args, name);
  if (text === undefined || (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol))) return text;
  throw usageError(`--${name} must be a URL, such as http://127.0.0.1:8000/v1, not ${JSON.stringify(text)}.`);
}
