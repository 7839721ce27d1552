import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { createOpenAiChat } from "@tau/agent";
import { parseTranscript, startScriptedServer } from "@tau/agent/scripted";
import { isTauError, userText } from "@tau/core";

import type { Command } from "../command.ts";
import { emptyConfig } from "../config-file.ts";
import { exitCodes } from "../exit-codes.ts";
import { followRun } from "../follow-run.ts";
import { openEnvironment, openLocalRuntime, storeDirectory } from "../local-runtime.ts";
import { tauHome } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { createTimelineView } from "../show-events.ts";
import { createStyle, plain } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { writeLine } from "../terminal.ts";
import { contextOf } from "./run.ts";

const run = promisify(execFile);
const demoFolder = new URL("../../demo/", import.meta.url);
const prompt = "The tests of this project fail. Find out why and fix the code, not the tests.";

/** `tau demo`: an agent fixes a real bug; only the model is scripted. */
export const demoCommand: Command = {
  usage: "demo",
  description: `Copies a small project with failing tests to a temporary folder and lets an agent fix it. The tools, the sandbox,
the wire protocol and the stored events are real; the model is a script behind a real HTTP server.`,
  options: {},
  examples: ["tau demo"],

  async run(_args, terminal) {
    const style = createStyle(terminal);
    const workspace = await copyProject();
    const settings = await demoSettings(workspace, terminal);
    writeLine(terminal, style("bold", "Tau demo: an agent fixes a bug"));
    writeLine(terminal, `The model is scripted, over HTTP on this machine. To use a real one, see the end.`);
    writeLine(terminal, `Project: ${workspace}\nPrompt:  ${prompt}\n`);

    const { code, sessionId } = await runAgent(settings, terminal);
    const green = await showOutcome(workspace, terminal);
    writeLine(
      terminal,
      `\nEvents:  ${storeDirectory(settings.home)}\n         tau sessions show ${sessionId}`,
    );
    writeLine(terminal, "Next:    with a real model, in a folder of yours:");
    writeLine(
      terminal,
      '         export ANTHROPIC_API_KEY=…   then   npm start -- run "…"   (installed: tau run "…")',
    );
    return green ? code : exitCodes.failed;
  },
};

/** The project and its original, side by side, so that the difference can be shown. */
async function copyProject(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-demo-")));
  const source = new URL("project", demoFolder).pathname;
  await cp(source, join(folder, "project"), { recursive: true });
  await cp(source, join(folder, "original"), { recursive: true });
  return join(folder, "project");
}

/** The jail where it works; else the host, for the demo's own commands and no others. */
async function demoSettings(cwd: string, terminal: Terminal): Promise<Settings> {
  const settings: Settings = {
    home: tauHome(terminal),
    cwd,
    config: emptyConfig,
    profile: "workspace-write",
    approve: "never",
    environment: "jail",
    network: false,
  };
  try {
    await using _jail = await openEnvironment(settings, cwd);
    return settings;
  } catch (error) {
    if (!isTauError(error) || !error.code.startsWith("sandbox.")) throw error;
    const style = createStyle(terminal);
    writeLine(terminal, style("red", `There is no working sandbox here: ${plain(error.message)}`));
    writeLine(
      terminal,
      style(
        "red",
        "The demo runs its own scripted commands, and only those, on the host. Every other run refuses until",
      ),
    );
    writeLine(terminal, style("red", "the sandbox works or you say --environment host.\n"));
    const permissions = { allow: ["bash(node --test)"] };
    return { ...settings, environment: "host", config: { ...emptyConfig, permissions } };
  }
}

async function runAgent(
  settings: Settings,
  terminal: Terminal,
): Promise<{ readonly code: number; readonly sessionId: string }> {
  const transcript = parseTranscript(await readFile(new URL("transcript.json", demoFolder), "utf8"));
  await using server = await startScriptedServer(transcript);
  const model = createOpenAiChat({
    baseUrl: `${server.url}/v1`,
    apiKey: "scripted",
    model: "scripted",
    provider: "scripted",
    // What a mid-sized model costs, so that the sum at the end means something.
    price: { inputPerMillion: 3_000_000, outputPerMillion: 15_000_000 },
  });
  const context = contextOf(terminal);
  await using local = await openLocalRuntime({ settings, model, takesUp: [] });
  await local.runtime.start();
  const { sessionId } = await local.runtime.createSession({ bootstrap: local.bootstrap }, context);
  const started = await local.runtime.startRun({ sessionId, prompt: userText(prompt) }, context);
  const view = createTimelineView(terminal);
  const followed = {
    runtime: local.runtime,
    sessionId,
    ...started,
    context,
    terminal,
    view,
    interactive: false,
  };
  return { code: await followRun(followed), sessionId };
}

/** Shows the difference and runs the tests once more, by itself: the agent's word is not proof. */
async function showOutcome(workspace: string, terminal: Terminal): Promise<boolean> {
  const style = createStyle(terminal);
  const diff = await run("diff", ["-ru", "original", "project"], { cwd: dirname(workspace) }).catch(outputOf);
  writeLine(terminal, `\n${style("bold", "What changed")}\n${colourDiff(diff.stdout, terminal).trimEnd()}`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_")));
  const tests = await run(process.execPath, ["--test"], { cwd: workspace, env }).catch(outputOf);
  const green = /^. fail 0$/mu.test(tests.stdout);
  const summary = tests.stdout.split("\n").filter((line) => /^. (tests|pass|fail) \d+$/u.test(line));
  writeLine(terminal, `\n${style("bold", "Its tests, run again by the demo")}`);
  for (const line of summary) writeLine(terminal, style(green ? "green" : "red", line));
  return green;
}

function outputOf(error: unknown): { readonly stdout: string } {
  return typeof error === "object" && error !== null && "stdout" in error
    ? { stdout: String(error.stdout) }
    : { stdout: "" };
}

function colourDiff(diff: string, terminal: Terminal): string {
  const style = createStyle(terminal);
  return diff
    .split("\n")
    .map((line) =>
      line.startsWith("+") ? style("green", line) : line.startsWith("-") ? style("red", line) : line,
    )
    .join("\n");
}
