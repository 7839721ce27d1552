import { formatUsd } from "@tau/core";

import type { Command } from "../command.ts";
import { copyProject } from "../demo/copy-project.ts";
import { demoSettings } from "../demo/demo-settings.ts";
import type { DemoSettings } from "../demo/demo-settings.ts";
import { runDemoAgent } from "../demo/run-demo-agent.ts";
import type { DemoRun } from "../demo/run-demo-agent.ts";
import { showDifference, showTests } from "../demo/show-outcome.ts";
import { exitCodes } from "../exit-codes.ts";
import { plain } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { storeDirectory, tauHome } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** `tau demo`: an agent fixes a real bug; only the model is scripted. */
export const demoCommand: Command = {
  usage: "demo",
  description: `Copies a small project with failing tests to a temporary folder and lets an agent fix it. The tools, the
sandbox, the wire protocol and the stored events are real; the model is a script behind a real HTTP server.`,
  options: {},
  maxWords: 0,
  examples: ["tau demo"],

  async run(_args, terminal) {
    const project = await copyProject();
    const demo = await demoSettings(tauHome(terminal), project.workspace);
    showBeginning(demo, terminal);
    const run = await runDemoAgent(demo.settings, terminal);
    if (run.exitCode !== exitCodes.ok) return run.exitCode;
    await showDifference(project, terminal);
    const green = await showTests(demo.settings, terminal);
    showEnd(run, demo, terminal);
    return green ? exitCodes.ok : exitCodes.failed;
  },
};

function showBeginning({ settings, noSandbox, sandbox: kind }: DemoSettings, terminal: Terminal): void {
  const style = createStyle(terminal);
  const sandbox =
    noSandbox === undefined
      ? `${kind === "jail" ? "bubblewrap" : kind}; its self-test just tried to escape, in vain`
      : style("red", "none: the demo's own scripted commands, and only those, run on this machine");
  const lines = [
    style("bold", "Tau demo: an agent fixes a bug"),
    "",
    "  Model    scripted: a small HTTP server on this machine plays it, so no key is needed",
    "           The tools, the sandbox, the wire protocol and the stored events are real.",
    `  Project  ${settings.cwd}`,
    `  Sandbox  ${sandbox}`,
    ...(noSandbox === undefined
      ? []
      : [
          style("red", `           ${plain(noSandbox)}`),
          style("red", "           Every other run refuses until that works, or you say --environment host."),
        ]),
    "",
  ];
  for (const line of lines) writeLine(terminal, line);
}

function showEnd(
  { sessionId, events, costMicroUsd }: DemoRun,
  { settings }: DemoSettings,
  terminal: Terminal,
): void {
  const tau = terminal.env["npm_lifecycle_event"] === "start" ? "npm start --" : "tau";
  const lines = [
    "",
    `  Cost     ${formatUsd(costMicroUsd)}, had the model been one for $3 and $15 per million tokens`,
    `  Events   ${events}, in ${storeDirectory(settings.home)}`,
    `           ${tau} sessions show ${sessionId}`,
    `  Next     with a real model, in a folder of yours:`,
    `           export ANTHROPIC_API_KEY=…     (${tau} doctor names every other way)`,
    `           ${tau} run "Why does the test fail?"`,
  ];
  for (const line of lines) writeLine(terminal, line);
}
