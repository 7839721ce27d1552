import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { TauError } from "@tau/core";

import { choiceOption, countOption, flagOption, textOption } from "./command.ts";
import type { OptionTable, ParsedArgs } from "./command.ts";
import { configPath, emptyConfig, parseConfig, readConfigText } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import type { Terminal } from "./terminal.ts";
import { isTrusted } from "./trust.ts";
import { usageError } from "./usage-error.ts";

/** Everything that the flags, the configuration file and the environment say, before a provider is looked for. */
export interface Settings {
  /** Where Tau keeps its data. */
  readonly home: string;
  /** The folder that the agent works in; absolute. */
  readonly cwd: string;
  readonly provider?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly config: ConfigFile;
  readonly profile: "read-only" | "workspace-write" | "full";
  readonly approve: "never" | "ask" | "policy";
  readonly environment: "jail" | "host";
  readonly network: boolean;
  readonly maxSteps?: number;
}

/** Options that every command has which runs agents. */
export const agentOptions: OptionTable = {
  model: { type: "string", short: "m", value: "ID", help: "The model, as its provider names it." },
  provider: { type: "string", value: "NAME", help: "anthropic, openai, openrouter, ollama or compatible." },
  "base-url": {
    type: "string",
    value: "URL",
    help: "Where the provider answers, for a compatible or a local one.",
  },
  cwd: { type: "string", short: "C", value: "FOLDER", help: "The folder to work in. Default: this one." },
  profile: { type: "string", value: "NAME", help: "read-only, workspace-write (default) or full." },
  approve: {
    type: "string",
    value: "HOW",
    help: "never, ask or policy. Default: ask on a terminal, else never.",
  },
  environment: { type: "string", value: "KIND", help: "jail (default), or host: no sandbox at all." },
  network: { type: "boolean", help: "Let commands reach the network." },
  "max-steps": { type: "string", value: "N", help: "At most this many model calls. Default 50." },
  config: {
    type: "string",
    value: "FILE",
    help: "Use this configuration file instead of the folder's tau.toml.",
  },
};

/** The option of every command that reads the store. */
export const homeNote = "Data is kept in $TAU_HOME, by default ~/.local/share/tau.";

/** Where Tau keeps its data. */
export function tauHome({ env }: Terminal): string {
  return (
    env["TAU_HOME"] ?? join(env["XDG_DATA_HOME"] ?? join(env["HOME"] ?? homedir(), ".local", "share"), "tau")
  );
}

/** Reads the settings of a command that runs agents. @throws TauError `cli.usage`, `config.*` */
export async function readSettings(
  args: ParsedArgs,
  terminal: Terminal,
  interactive: boolean,
): Promise<Settings> {
  const home = tauHome(terminal);
  const cwd = resolve(terminal.cwd, textOption(args, "cwd") ?? ".");
  const config = await loadConfig(home, cwd, textOption(args, "config"));
  const [provider, model, baseUrl] = ["provider", "model", "base-url"].map((name) => textOption(args, name));
  const maxSteps = countOption(args, "max-steps") ?? config.agent.max_steps;
  return {
    home,
    cwd,
    config,
    ...optional("provider", provider ?? config.model.provider),
    ...optional("model", model ?? config.model.id),
    ...optional("baseUrl", baseUrl ?? config.model.base_url),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    profile:
      choiceOption(args, "profile", profiles) ??
      choice("permissions.profile", config.permissions.profile, profiles) ??
      "workspace-write",
    approve:
      choiceOption(args, "approve", approvals) ??
      choice("permissions.approve", config.permissions.approve, approvals) ??
      (interactive ? "ask" : "never"),
    environment:
      choiceOption(args, "environment", environments) ??
      choice("environment.kind", config.environment.kind, environments) ??
      "jail",
    network: flagOption(args, "network") || config.environment.network === true,
  };
}

const profiles = ["read-only", "workspace-write", "full"] as const;
const approvals = ["never", "ask", "policy"] as const;
const environments = ["jail", "host"] as const;

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  // A computed key has the type string; the object has exactly this one.
  const entry: { [P in K]?: string } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

function choice<T extends string>(
  key: string,
  value: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((one) => one === value);
  if (found !== undefined) return found;
  throw new TauError(
    "config.invalid",
    `tau.toml: ${key} must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}.`,
  );
}

async function loadConfig(home: string, cwd: string, named: string | undefined): Promise<ConfigFile> {
  const path = named === undefined ? configPath(cwd) : resolve(cwd, named);
  const text = await readConfigText(path);
  if (text === undefined) {
    if (named !== undefined)
      throw new TauError("config.not_found", `The configuration file ${path} does not exist.`);
    return emptyConfig;
  }
  if (named === undefined && !(await isTrusted(home, path, text))) {
    throw new TauError(
      "config.untrusted",
      `${path} is not trusted yet, or changed since it was: read it, then run "tau trust", or name it with --config.`,
    );
  }
  return parseConfig(text, path);
}

/** Follows a reference to a secret: `env:NAME` or `file:PATH`. @throws TauError `config.secret_missing` */
export async function resolveSecret(reference: string, { env }: Pick<Terminal, "env">): Promise<string> {
  const [, kind, name = ""] = /^(env|file):(.+)$/u.exec(reference) ?? [];
  if (kind === undefined)
    throw usageError(`${JSON.stringify(reference)} is not a reference: use env:NAME or file:PATH.`);
  const secret = kind === "env" ? env[name] : await readFile(name, "utf8").catch(() => undefined);
  if (secret !== undefined && secret.trim() !== "") return secret.trim();
  throw new TauError(
    "config.secret_missing",
    kind === "env"
      ? `The environment variable ${name} is not set.`
      : `The file ${name} cannot be read or is empty.`,
  );
}
