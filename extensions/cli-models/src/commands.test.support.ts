import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { ModelRequest } from "@tau/agent";
import { createCallContext, userText } from "@tau/core";
import type { CallContext, ModelEvent, ToolDefinition } from "@tau/core";

import { createClaudeCli } from "./claude/claude-cli.ts";
import type { CliModel } from "./cli-model.ts";
import { createCodexCli } from "./codex/codex-cli.ts";
import { createGeminiCli } from "./gemini/gemini-cli.ts";
import type { CliModelOptions } from "./options.ts";
import type { Recorded } from "./player.test.support.ts";
import { startVendor } from "./vendor-server.test.support.ts";
import type { Vendor, VendorScenario } from "./vendor-server.test.support.ts";

export type CommandName = "claude" | "gemini" | "codex";

/** Where the commands are installed; set by `.ci/run`. Without it, recorded runs stand for them. */
const installed = process.env["TAU_TEST_CLIS"];

/** How the tests get a command: as the vendor made it, or as a program that repeats a recorded run of it. */
export const kinds: readonly ("recorded" | "real")[] =
  installed === undefined ? ["recorded"] : ["recorded", "real"];

/** Those of the commands that are installed, for what a recorded run cannot show. */
export function realOnes(names: readonly CommandName[]): readonly CommandName[] {
  return installed === undefined ? [] : names;
}

export type ScenarioName =
  | "answer"
  | "length"
  | "tools"
  | "cut"
  | "stall"
  | "no login"
  | "forbidden"
  | "no credit"
  | "no such model"
  | "too long"
  | "rate limited"
  | "server error"
  | "overloaded";

/** A scenario with the name under which its run is recorded. */
export const scenarios: Readonly<Record<ScenarioName, VendorScenario>> = {
  answer: { kind: "answer" },
  length: { kind: "length" },
  tools: { kind: "tools" },
  cut: { kind: "cut" },
  stall: { kind: "stall" },
  "no login": { kind: "status", status: 401, message: "Missing bearer or basic authentication in header" },
  forbidden: { kind: "status", status: 403, message: "This account may not use it" },
  "no credit": { kind: "status", status: 402, message: "Your credit balance is too low to access the API" },
  "no such model": { kind: "status", status: 404, message: "No such model" },
  "too long": { kind: "status", status: 400, message: "prompt is too long: 300000 tokens > 200000 maximum" },
  "rate limited": { kind: "status", status: 429, message: "Slow down" },
  "server error": { kind: "status", status: 500, message: "Oops" },
  overloaded: { kind: "status", status: 503, message: "Overloaded" },
};

/** A command that talks to a loopback vendor, with a login of each tenant. */
export interface CommandFixture extends AsyncDisposable {
  readonly model: CliModel;
  readonly vendor: Vendor;
  /** The folder of the tenants. */
  readonly homes: string;
  /** What the player was started with; empty for a real command. */
  readonly calls: () => Promise<readonly PlayerCall[]>;
}

/** How the player was started. */
export interface PlayerCall {
  readonly pid: number;
  /** Of the child that it was told to start. */
  readonly childPid?: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  readonly stdin: string;
}

/** Options of {@link startCommand}. */
export interface CommandOptions extends Partial<CliModelOptions> {
  readonly kind: "recorded" | "real";
  readonly scenario: ScenarioName;
  /** What the player does besides, or instead. */
  readonly play?: Partial<Recorded>;
}

/** Starts a vendor and makes the model that asks it by the command. */
export async function startCommand(name: CommandName, options: CommandOptions): Promise<CommandFixture> {
  const { kind, scenario, play = {}, ...rest } = options;
  const folder = await mkdtemp(join(await privateFolder(), "tau-cli-"));
  const vendor = await startVendor(scenarios[scenario]);
  const homes = join(folder, "homes");
  const log = join(folder, "calls.ndjson");
  // The calls of the contract suite are those of the tenant "test".
  for (const tenant of ["acme", "globex", "test"]) await logIn(name, join(homes, tenant), tenant);
  const program =
    kind === "real" ? realProgram(name) : await makePlayer(folder, { name, scenario, log, play });
  const model = create(name, vendor.url, { program, home: { tenantsIn: homes }, ...rest });
  return {
    model,
    vendor,
    homes,
    calls: () => readCalls(log),
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await vendor[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, maxRetries: 5 });
    },
  };
}

/** `gemini` ignores an administrator's settings below a folder that everybody may write, as the usual one is. */
async function privateFolder(): Promise<string> {
  if (installed === undefined) return tmpdir();
  const path = join(homedir(), ".cache");
  await mkdir(path, { recursive: true });
  return path;
}

/** The path of an installed command. */
export function realProgram(name: CommandName): string {
  const path = join(installed ?? "", "node_modules", ".bin", name);
  if (!existsSync(path)) throw new Error(`TAU_TEST_CLIS has no ${name}.`);
  return path;
}

/** Makes the model and points it at `url`. */
export function create(
  name: CommandName,
  url: string,
  options: Partial<CliModelOptions> & Pick<CliModelOptions, "home">,
): CliModel {
  const shared = { model: "m-1", ...options };
  if (name === "claude") {
    return createClaudeCli({ ...shared, env: { ANTHROPIC_BASE_URL: url, ...shared.env } });
  }
  if (name === "gemini") {
    return createGeminiCli({ ...shared, env: { GOOGLE_GEMINI_BASE_URL: url, ...shared.env } });
  }
  // The built-in provider cannot be told not to repeat calls.
  const provider = {
    name: '"loopback"',
    base_url: JSON.stringify(`${url}/v1`),
    wire_api: '"responses"',
    requires_openai_auth: true,
    supports_websockets: false,
    request_max_retries: 0,
    stream_max_retries: 0,
  };
  const table = Object.entries(provider).map(([key, value]) => `${key}=${value}`);
  return createCodexCli({
    ...shared,
    config: ['model_provider="loopback"', `model_providers.loopback={${table.join(",")}}`],
  });
}

/** Leaves the login that the command itself would have left. */
async function logIn(name: CommandName, home: string, tenant: string): Promise<void> {
  const files: Readonly<Record<CommandName, Readonly<Record<string, string>>>> = {
    claude: {
      ".claude/.credentials.json": JSON.stringify({
        claudeAiOauth: {
          accessToken: `token-of-${tenant}`,
          refreshToken: "none",
          expiresAt: 4_102_444_800_000,
          scopes: ["user:inference"],
          subscriptionType: "max",
        },
      }),
    },
    gemini: {
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" } },
        general: { maxAttempts: 1 }, // Should this machine's home be one that everybody may write.
      }),
      ".gemini/.env": `GEMINI_API_KEY=token-of-${tenant}\n`,
    },
    codex: {
      ".codex/auth.json": JSON.stringify({ auth_mode: "apikey", OPENAI_API_KEY: `token-of-${tenant}` }),
    },
  };
  for (const [path, text] of Object.entries(files[name])) {
    await mkdir(join(home, path, ".."), { recursive: true, mode: 0o700 });
    await writeFile(join(home, path), text, { mode: 0o600 });
  }
}

async function makePlayer(
  folder: string,
  run: { readonly name: CommandName; readonly scenario: string; readonly log: string; readonly play: object },
): Promise<string> {
  const player = fileURLToPath(new URL("./player.test.support.ts", import.meta.url));
  const program = join(folder, run.name);
  const settings = Buffer.from(JSON.stringify(run)).toString("base64");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${player}" ${settings} "$@"\n`);
  await chmod(program, 0o755);
  return program;
}

async function readCalls(log: string): Promise<readonly PlayerCall[]> {
  if (!existsSync(log)) return [];
  const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
  return lines.map((line): PlayerCall => JSON.parse(line));
}

/** A context of the tenant. */
export function contextOf(signal: AbortSignal = new AbortController().signal, tenant = "acme"): CallContext {
  return createCallContext({ tenant, principal: { id: "ada", kind: "person", scopes: [] }, signal });
}

/** A question without tools. */
export const hello: ModelRequest = { system: "Be brief.", messages: [userText("Say hello.")], tools: [] };

/** A tool for those questions that have one. */
export const add: ToolDefinition = {
  name: "add",
  description: "Adds two numbers.",
  inputSchema: {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  },
};

/** Everything that the model says. */
export async function readAll(
  model: CliModel,
  request: ModelRequest = hello,
  context: CallContext = contextOf(),
): Promise<readonly ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const batch of model.stream(request, context)) events.push(...batch);
  return events;
}

/** Tells whether a process is alive: one that nobody has buried yet is not. */
export function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^\d+ \(.*\) [ZX] /s.test(status);
  } catch {
    return false;
  }
}
