import { isTauError } from "@tau/core";

import { didYouMean } from "./closest-word.ts";
import { commandHelp } from "./command-help.ts";
import type { Command } from "./command.ts";
import { exitCodeOfError, exitCodes } from "./exit-codes.ts";
import { parseCommand } from "./parse-command.ts";
import { clip, plain } from "./plain-text.ts";
import { assertOwnHome, tauHome, toUnusableHome } from "./tau-home.ts";
import { processTerminal, writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Loaded only when used, so that `tau --help` is quick. */
const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: "Run a prompt: stream the answer, show tools, ask for approvals",
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  sessions: {
    summary: "List sessions, show one, or hand one over",
    load: async () => (await import("./commands/sessions.ts")).sessionsCommand,
  },
  attach: {
    summary: "Replay a session's events and follow them",
    load: async () => (await import("./commands/attach.ts")).attachCommand,
  },
  approve: {
    summary: "Answer a question that a run waits for",
    load: async () => (await import("./commands/approve.ts")).approveCommand,
  },
  permissions: {
    summary: "Explain decisions; list and test rules; take answers back",
    load: async () => (await import("./commands/permissions.ts")).permissionsCommand,
  },
  tools: {
    summary: "List the tools of agents: sources, classes, who sees them",
    load: async () => (await import("./commands/tools.ts")).toolsCommand,
  },
  undo: {
    summary: "Take back what commands changed, or show it",
    load: async () => (await import("./commands/undo.ts")).undoCommand,
  },
  serve: {
    summary: "Serve the runtime over ConnectRPC",
    load: async () => (await import("./commands/serve.ts")).serveCommand,
  },
  models: {
    summary: "Show what models can do and cost, and who says so",
    load: async () => (await import("./commands/models.ts")).modelsCommand,
  },
  events: {
    summary: "List model calls: tokens, cost, time, failures",
    load: async () => (await import("./commands/events.ts")).eventsCommand,
  },
  why: {
    summary: "Show why a call was denied, and where its text came from",
    load: async () => (await import("./commands/why.ts")).whyCommand,
  },
  probe: {
    summary: "Measure what a model really does",
    load: async () => (await import("./commands/probe.ts")).probeCommand,
  },
  bench: {
    summary: "Measure how fast a model answers",
    load: async () => (await import("./commands/bench.ts")).benchCommand,
  },
  doctor: {
    summary: "Check node, sandbox, store and providers",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  init: {
    summary: "Write a tau.toml for this folder",
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  trust: {
    summary: "Trust the tau.toml and the instructions of this folder",
    load: async () => (await import("./commands/trust.ts")).trustCommand,
  },
  skills: {
    summary: "List, show, validate and lock what agents can look up",
    load: async () => (await import("./commands/skills.ts")).skillsCommand,
  },
  memory: {
    summary: "Look at what agents remember, and decide what they may",
    load: async () => (await import("./commands/memory.ts")).memoryCommand,
  },
  mcp: {
    summary: "Add, look at and approve MCP servers",
    load: async () => (await import("./commands/mcp.ts")).mcpCommand,
  },
  demo: {
    summary: "Watch an agent fix a bug, with a scripted model",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
};

/** Runs the `tau` command and answers its exit code. Never throws. */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help")
      return await help(rest[0], terminal);
    if (name === "--version" || name === "-v") return await version(terminal);
    const command = await load(name);
    if (wantsHelp(rest)) {
      terminal.stdout.write(commandHelp(command));
      return exitCodes.ok;
    }
    const args = parseCommand(command, rest);
    await assertOwnHome(tauHome(terminal));
    return await command.run(args, terminal);
  } catch (error) {
    return report(toUnusableHome(error, tauHome(terminal)) ?? error, name, terminal);
  }
}

/** Also when the rest of the line makes no sense: whoever asks for help may not know better yet. */
function wantsHelp(rest: readonly string[]): boolean {
  const end = rest.indexOf("--");
  const options = end === -1 ? rest : rest.slice(0, end);
  return options.includes("--help") || options.includes("-h");
}

async function load(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry !== undefined) return await entry.load();
  const names = Object.keys(commands);
  const meant = name.startsWith("-") ? "" : didYouMean(name, names);
  const prompt = /\s/u.test(name) ? ` To run a prompt: tau run ${JSON.stringify(name)}.` : "";
  throw usageError(
    `There is no command ${JSON.stringify(name)}; there is ${names.join(", ")}.${meant}${prompt}`,
  );
}

async function help(topic: string | undefined, terminal: Terminal): Promise<number> {
  if (topic !== undefined) {
    terminal.stdout.write(commandHelp(await load(topic)));
    return exitCodes.ok;
  }
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  writeLine(
    terminal,
    `Usage: tau COMMAND [options]

Runs AI agents: durable sessions, real permissions, a real sandbox.

Commands:
${rows.join("\n")}

Start with:
  tau demo                         see it work, without a key
  tau run "Fix the failing test"   let an agent work in this folder
  tau COMMAND --help               options and examples

The model comes from --provider, --model and --base-url, then tau.toml, then keys in the environment
(ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY, GEMINI_API_KEY), then an Ollama on this machine
($OLLAMA_HOST).
Sessions are kept in $TAU_HOME, by default ~/.local/share/tau. NO_COLOR turns colours off.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 denied or no sandbox, 4 limit reached,
5 doctor found a fault, 6 waits for an answer, 130 interrupted, 141 nobody reads the output.`,
  );
  return exitCodes.ok;
}

async function version(terminal: Terminal): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const manifest: { readonly version: string } = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  );
  writeLine(terminal, `tau ${manifest.version}`);
  return exitCodes.ok;
}

function report(error: unknown, name: string | undefined, { stderr }: Terminal): number {
  if (!isTauError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`tau: unexpected error, please report it:\n${plain(text)}\n`);
    return exitCodes.failed;
  }
  stderr.write(`tau: ${plain(error.message)} [${plain(error.code)}]\n`);
  // Messages are safe to show to anybody, and so say less than the person at this machine may know.
  const cause = error.cause instanceof Error ? error.cause.message : "";
  if (cause !== "" && !error.message.includes(cause)) stderr.write(`  ${clip(cause, 400)}\n`);
  if (error.code === "cli.usage") {
    const command = name !== undefined && Object.hasOwn(commands, name) ? `${name} ` : "";
    stderr.write(`Try: tau ${command}--help\n`);
  }
  return exitCodeOfError(error.code);
}
