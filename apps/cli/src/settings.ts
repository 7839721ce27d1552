import type { JsonObject } from "@tau/core";
import type { NetworkAccess, PermissionLayer, ToolRole } from "@tau/tools";

import type { apis, approvals, ConfigFile, profiles } from "./config-file.ts";

/** Everything that the flags, the configuration file and the environment say, before a provider is looked for. */
export interface Settings {
  /** Where Tau keeps its data; absolute. */
  readonly home: string;
  /** The folder that the agent works in; absolute. */
  readonly cwd: string;
  /** Other folders that a server's sessions may work in or below; absolute. */
  readonly folders?: readonly string[];
  readonly model: ModelSettings;
  /** What the configuration says of models. */
  readonly knownModels: ConfigFile["models"];
  readonly agent: ConfigFile["agent"];
  readonly budget: ConfigFile["budget"];
  readonly memory: ConfigFile["memory"];
  readonly layers: readonly PermissionLayer[];
  readonly profile: (typeof profiles)[number];
  readonly approve: (typeof approvals)[number];
  /** A name of `environmentKinds`. */
  readonly environment: string;
  /** What the configuration says of environments, by their names. */
  readonly environments: Readonly<Record<string, JsonObject>>;
  /** Which optional sets of tools are on or off, and what they are told, by their names; the others are as by default. */
  readonly tools: Readonly<Record<string, boolean | JsonObject>>;
  /** The same of those sets that are modules. */
  readonly modules: Readonly<Record<string, boolean | JsonObject>>;
  /** What agents see of the tools, by the name of their role. */
  readonly roles: Readonly<Record<string, ToolRole>>;
  /** The role of the agent; absent: it sees everything. */
  readonly role?: string;
  /** Nobody vouches for what is in the folder: what it says leads to nothing grave without a question. */
  readonly untrusted?: boolean;
  /** The agent plans: it reads, and writes its plan alone. */
  readonly plan?: boolean;
  /** Changes of commands are looked at before they are made, unless a rule allows them. */
  readonly review?: boolean;
  readonly network: NetworkAccess;
  readonly egress: {
    /** Addresses and ranges that may be dialled although they are not public. */
    readonly addresses: readonly string[];
    readonly credentials: ConfigFile["credentials"];
  };
  readonly web: ConfigFile["web"];
  /** The MCP servers that the configuration names, and where what was approved of them is kept. */
  readonly mcp?: { readonly servers: Readonly<Record<string, unknown>>; readonly lockPath: string };
  readonly maxSteps?: number;
  /** Folders that commands see, not writable, also where a jail has something of its own in their place. */
  readonly shownFolders?: readonly string[];
  /** Folders in which commands find programs before they look anywhere else. */
  readonly programs?: readonly string[];
}

/** What is known of the model. */
export interface ModelSettings {
  readonly provider?: string;
  readonly id?: string;
  readonly baseUrl?: string;
  /** Which of OpenAI's protocols, where the provider speaks both. */
  readonly api?: (typeof apis)[number];
  /** A reference, and the key of which file it is. */
  readonly apiKey?: { readonly reference: string; readonly where: string };
  /** Micro-USD per million tokens. */
  readonly price?: { readonly inputPerMillion: number; readonly outputPerMillion: number };
  /** Tokens. */
  readonly contextWindow?: number;
}

/** Settings of commands that run nothing, and of those that decide everything themselves. */
export function plainSettings(home: string, cwd: string): Settings {
  return {
    home,
    cwd,
    model: {},
    knownModels: [],
    agent: {},
    budget: {},
    memory: {},
    layers: [],
    profile: "workspace-write",
    approve: "never",
    environment: "jail",
    environments: {},
    tools: {},
    modules: {},
    roles: {},
    network: false,
    egress: { addresses: [], credentials: [] },
    web: {},
  };
}
