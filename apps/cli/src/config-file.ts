import { realpath } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";
import type { Confidentiality, EffectKind, Integrity, JsonObject, SideEffectClass } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import { memoryScopes } from "./memory/memory-scopes.ts";
import { providers } from "./providers.ts";
import { unfitReason } from "./unfit-reason.ts";

/** What an agent may touch. */
export const profiles = ["read-only", "workspace-write", "full"] as const;
/** Which tool edits files, each as some models were taught. */
export const editDialects = ["edit", "apply_patch", "str_replace"] as const;
/** What becomes of questions. */
export const approvals = ["never", "ask", "policy"] as const;
/** Services that search the web. */
export const searchServices = ["brave", "tavily", "searxng"] as const;

/** What running a tool twice would mean, from nothing to what cannot be taken back. */
export const sideEffects: readonly SideEffectClass[] = ["pure", "idempotent", "compensable", "irreversible"];

/** Providers that the command mentions first. */
const firstProviders = ["anthropic", "openai", "openrouter", "gemini", "vertex", "ollama"];

/** Whose models the command can talk to; `compatible` is a server of one's own. */
export const providerNames: readonly string[] = [
  ...firstProviders,
  ...providers.map(({ name }) => name).filter((name) => !firstProviders.includes(name)),
];

/** OpenAI's protocols, which others speak too. */
export const apis = ["chat", "responses"] as const;

/** What models are for, whichever they are. */
export const tierNames = ["reasoning", "default", "fast", "local"] as const;

/** What a tau.toml says of one model; it wins over what Tau knows. */
export interface ConfiguredModel {
  readonly provider: string;
  readonly id: string;
  /** The model's own id, when `id` is a name of one's own, such as a deployment's. */
  readonly as?: string;
  /** Tokens. */
  readonly context_window?: number;
  readonly max_output?: number;
  /** Micro-USD per million tokens. */
  readonly input_price?: number;
  readonly output_price?: number;
  readonly cache_read_price?: number;
  readonly cache_write_price?: number;
  readonly tools?: boolean;
  readonly parallel_tools?: boolean;
  readonly forced_tools?: boolean;
  readonly tools_with_schema?: boolean;
  readonly reasoning?: boolean;
  readonly reasoning_with_tools?: boolean;
  readonly vision?: boolean;
  readonly audio?: boolean;
  readonly files?: boolean;
  readonly sampling?: boolean;
}

/** A secret that is put into commands' requests to one host, on their way out. */
export interface ConfiguredCredential {
  readonly name: string;
  /** The one host that gets it, with a port where it is not 443. */
  readonly host: string;
  /** What holds the placeholder for commands, such as `GITHUB_TOKEN`. */
  readonly variable: string;
  /** `env:NAME` or `file:PATH`; never the secret itself. */
  readonly secret: string;
  /** Send it unencrypted, too. */
  readonly plain_http?: boolean;
}

/** A rule: its text alone, or with what is shown when it decides and examples that are checked when it is read. */
export type RuleEntry =
  | string
  | {
      readonly rule: string;
      readonly reason?: string;
      readonly match?: readonly string[];
      readonly not_match?: readonly string[];
    };

/** Which effects need a decision under which label: a `FlowRule` of `@tau/tools/flow`. */
export interface FlowEntry {
  readonly effect: EffectKind | "any";
  readonly decision: "ask" | "deny";
  readonly integrity?: Integrity;
  readonly confidentiality?: Confidentiality;
  readonly reason?: string;
  readonly match?: readonly string[];
  readonly not_match?: readonly string[];
}

/** Where commands run. */
export interface EnvironmentSection {
  readonly kind?: string;
  readonly network?: boolean;
  readonly [name: string]: JsonObject | string | boolean | undefined;
}

/** What an agent in a role sees. */
export interface RoleSection {
  /** Names, in which `*` stands for any characters. */
  readonly tools?: readonly string[];
  readonly except?: readonly string[];
  readonly side_effects?: readonly SideEffectClass[];
}

/** What a tau.toml may say. Every key is optional. */
export interface ConfigFile {
  readonly model: {
    readonly provider?: string;
    readonly id?: string;
    readonly base_url?: string;
    /** Which of OpenAI's protocols; default: chat. */
    readonly api?: (typeof apis)[number];
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
    /** How files are edited; default: as the model was taught. */
    readonly edit_dialect?: (typeof editDialects)[number];
    /** The role in which it sees the tools: a key of `roles`. */
    readonly role?: string;
    /** More tools than these are not shown to the model one by one, but searched. */
    readonly search_tools_above?: number;
    readonly max_steps?: number;
    readonly max_tokens?: number;
  };
  readonly permissions: {
    readonly profile?: (typeof profiles)[number];
    readonly approve?: (typeof approvals)[number];
    readonly allow?: readonly RuleEntry[];
    readonly ask?: readonly RuleEntry[];
    readonly deny?: readonly RuleEntry[];
    /** What else needs a decision under which labels. */
    readonly flow?: readonly FlowEntry[];
    /** Which files the names of programs may mean. */
    readonly programs?: Readonly<
      Record<string, { readonly paths: readonly string[]; readonly sha256?: string }>
    >;
    /** Nobody vouches for what is in the folder. */
    readonly untrusted?: boolean;
    /** Changes of commands are looked at before they are made, unless a rule allows them. */
    readonly review?: boolean;
  };
  /** `kind` is a name of `environmentKinds`; what those are told is in a table under the name of each. */
  readonly environment: EnvironmentSection;
  /** Sets of `extraTools` by name: on, off, or on and told something. */
  readonly tools: Readonly<Record<string, boolean | JsonObject>>;
  readonly modules: Readonly<Record<string, boolean | JsonObject>>;
  /** What agents see of the tools, by the name of their role. */
  readonly roles: Readonly<Record<string, RoleSection>>;
  readonly network: {
    /** What commands in the jail reach, and the tools of the web. */
    readonly hosts?: readonly string[];
    /** Addresses and ranges that may be dialled although they are not public. */
    readonly addresses?: readonly string[];
  };
  readonly web: {
    readonly search?: (typeof searchServices)[number];
    /** `env:NAME` or `file:PATH`; never the key itself. */
    readonly api_key?: string;
    readonly base_url?: string;
  };
  readonly memory: {
    readonly enabled?: boolean;
    readonly scope?: (typeof memoryScopes)[number];
    readonly instructions?: boolean;
  };
  /** Money in micro-USD. */
  readonly budget: {
    readonly minute_requests?: number;
    readonly minute_tokens?: number;
    readonly day_cost?: number;
    readonly month_cost?: number;
    readonly run_cost?: number;
  };
  /** The model of each tier, as its provider names it. */
  readonly tiers: Readonly<Partial<Record<(typeof tierNames)[number], string>>>;
  readonly models: readonly ConfiguredModel[];
  readonly credentials: readonly ConfiguredCredential[];
  /** Where the sessions are that commands look at; absent: on this machine. */
  readonly server: {
    readonly url?: string;
    /** `env:NAME` or `file:PATH`; never the token itself. */
    readonly token?: string;
  };
  readonly serve: {
    /** Where the sessions of `tau serve` may work beside its own folder, each with what is below it. */
    readonly folders?: readonly string[];
  };
  /** Servers by name, as `parseMcpServers` of `@tau/mcp` reads them. */
  readonly mcp: { readonly servers?: Readonly<Record<string, unknown>> };
}

/** A configuration that says nothing. */
export const emptyConfig: ConfigFile = {
  model: {},
  agent: {},
  permissions: {},
  environment: {},
  tools: {},
  modules: {},
  roles: {},
  network: {},
  web: {},
  memory: {},
  budget: {},
  tiers: {},
  models: [],
  credentials: [],
  server: {},
  serve: {},
  mcp: {},
};

/** The file that a folder's configuration is in. */
export function configPath(folder: string): string {
  return join(folder, "tau.toml");
}

/** More than anybody writes, and read in a second whatever it holds. */
const maxConfigBytes = 1_048_576;

/** Reads a file's text; undefined when there is none, and empty where `/dev/null` stands for a file that says nothing. @throws TauError `config.not_found` */
export async function readConfigText(path: string): Promise<string | undefined> {
  try {
    return await readTextFile(path, maxConfigBytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    if ((await realpath(path).catch(() => undefined)) === "/dev/null") return "";
    throw new TauError(
      "config.not_found",
      `The configuration file ${path} cannot be read: check that it is a file and yours to read.${unfitReason(error)}`,
      { cause: error },
    );
  }
}
