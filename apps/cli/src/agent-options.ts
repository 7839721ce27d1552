import { apis, approvals, profiles, tierNames } from "./config-file.ts";
import type { OptionTable } from "./command.ts";
import { environmentKinds } from "./environment-kinds.ts";
import { extraTools } from "./extra-tools.ts";

/** Options that every command has which asks a model. */
export const modelOptions: OptionTable = {
  model: { type: "string", short: "m", value: "ID", help: "The model, as its provider names it." },
  tier: {
    type: "string",
    short: "t",
    value: "NAME",
    help: `The model that tau.toml names for it under [tiers]: ${list(tierNames)}.`,
  },
  provider: {
    type: "string",
    short: "p",
    value: "NAME",
    help: "anthropic, openai, openrouter, gemini, ollama, bedrock, groq, …,\nor compatible: a server of your own. docs/providers.md has all of them.",
  },
  "base-url": {
    type: "string",
    value: "URL",
    help: "Where an OpenAI-compatible server answers: vLLM, llama.cpp, LM Studio, …",
  },
  api: {
    type: "string",
    value: "NAME",
    help: `Which of OpenAI's protocols, where a provider has both:\n${list(apis)}. Default: chat, which all of them speak, and\nresponses for OpenAI's models that know nothing else. In responses a\nreasoning model gets its thinking back.`,
  },
  config: {
    type: "string",
    value: "FILE",
    help: "Use this configuration file instead of the folder's tau.toml.",
  },
};

/** Options by which optional tools are turned on and off. */
export const extraToolsOptions: OptionTable = {
  with: {
    type: "string",
    value: "NAMES",
    help: `Turn optional tools on, with commas in between:\n${rows(extraTools)}`,
  },
  without: { type: "string", value: "NAMES", help: "Turn optional tools off." },
};

/** Options that every command has which runs agents. */
export const agentOptions: OptionTable = {
  ...modelOptions,
  cwd: { type: "string", short: "C", value: "FOLDER", help: "The folder to work in. Default: this one." },
  profile: {
    type: "string",
    value: "NAME",
    help: `What commands may touch: ${list(profiles)}.\nDefault: workspace-write.`,
  },
  approve: {
    type: "string",
    value: "HOW",
    help: `What becomes of questions: ${list(approvals)}.
ask: what no rule covers is asked. policy: only what a rule says.
never: it is denied. Default: ask on a terminal, else never.`,
  },
  environment: {
    type: "string",
    short: "e",
    value: "KIND",
    help: `Where commands run. Default: jail.\n${rows(environmentKinds)}`,
  },
  ...extraToolsOptions,
  role: {
    type: "string",
    value: "NAME",
    help: "Show the agent only the tools of this role, which tau.toml defines as [roles.NAME].",
  },
  network: { type: "boolean", help: "Let commands reach the network." },
  untrusted: {
    type: "boolean",
    help: "Nobody vouches for what is in the folder, as in a repository of\nstrangers: nothing that it says leads to more than reading and\nchanges that can be undone without a question.",
  },
  "no-instructions": {
    type: "boolean",
    help: "Do not read AGENTS.md, CLAUDE.md, GEMINI.md and .tau/instructions.md.",
  },
  review: {
    type: "boolean",
    help: "Run commands on a copy first, and show what they change before it is kept.\nWhat changes nothing needs no answer. tau undo takes kept changes back.",
  },
  "max-steps": { type: "string", value: "N", help: "At most this many model calls. Default 50." },
};

function rows(table: readonly { readonly name: string; readonly does: string }[]): string {
  return table.map(({ name, does }) => `${name}: ${does}`).join("\n");
}

function list(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
