import { isTauError } from "@tau/core";

import { commandHelp, flagOption, parseCommand } from "./command.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
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
    summary: "List sessions, or show one",
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
  serve: {
    summary: "Serve the runtime over ConnectRPC",
    load: async () => (await import("./commands/serve.ts")).serveCommand,
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
    summary: "Trust the tau.toml of this folder",
    load: async () => (await import("./commands/trust.ts")).trustCommand,
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
      return help(rest[0], terminal);
    if (name === "--version" || name === "-v") return await version(terminal);
    const command = await load(name);
    if (rest.includes("--help") || rest.includes("-h")) {
      terminal.stdout.write(commandHelp(command));
      return exitCodes.ok;
    }
    return await command.run(parseCommand(command, rest), terminal);
  } catch (error) {
    return report(error, name, terminal);
  }
}

async function load(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry !== undefined) return await entry.load();
  throw usageError(
    `There is no command ${JSON.stringify(name)}; there is: ${Object.keys(commands).join(", ")}.`,
  );
}

async function help(topic: string | undefined, terminal: Terminal): Promise<number> {
  if (topic !== undefined) {
    terminal.stdout.write(commandHelp(await load(topic)));
    return exitCodes.ok;
  }
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  writeLine(
    terminal,
    "Usage: tau COMMAND [options]\n\nRuns AI agents: durable sessions, real permissions, a real sandbox.\n\nCommands:",
  );
  for (const [name, { summary }] of Object.entries(commands))
    writeLine(terminal, `  ${name.padEnd(width)}${summary}`);
  writeLine(
    terminal,
    `
Start with:
  tau demo                         see it work, without a key
  tau run "Fix the failing test"   let an agent work in this folder
  tau COMMAND --help               options and examples

The model comes from --provider/--model/--base-url, then tau.toml, then keys in the environment
(ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY), then an Ollama on this machine.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 denied, 4 limit reached,
5 doctor found a fault, 6 waits for an approval, 130 interrupted.`,
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

function report(error: unknown, name: string | undefined, terminal: Terminal): number {
  if (!isTauError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.stderr.write(`tau: unexpected error, please report it:\n${text}\n`);
    return exitCodes.failed;
  }
  terminal.stderr.write(`tau: ${error.message} [${error.code}]\n`);
  if (error.code === "cli.usage") {
    terminal.stderr.write(
      `Try: tau ${name !== undefined && Object.hasOwn(commands, name) ? `${name} ` : ""}--help\n`,
    );
  }
  const usage =
    error.code === "cli.usage" || error.code.startsWith("config.") || error.code === "provider.not_found";
  return usage || error.code.startsWith("permission.") ? exitCodes.usage : exitCodes.failed;
}
