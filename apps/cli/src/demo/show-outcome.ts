import { execFile } from "node:child_process";
import { dirname, relative } from "node:path";
import { promisify } from "node:util";

import { openEnvironment } from "../open-environment.ts";
import type { Settings } from "../settings.ts";
import { createStyle } from "../style.ts";
import type { Terminal } from "../terminal.ts";
import { writeLine } from "../terminal.ts";
import { diffLines } from "../tool-lines.ts";
import type { DemoProject } from "./copy-project.ts";
import { demoCommand } from "./demo-settings.ts";

const run = promisify(execFile);

/** Shows what changed on the disk. */
export async function showDifference(
  { workspace, original }: DemoProject,
  terminal: Terminal,
): Promise<void> {
  const style = createStyle(terminal);
  const cwd = dirname(workspace);
  const diff = await run("diff", ["-r", "-U2", relative(cwd, original), relative(cwd, workspace)], {
    cwd,
  }).catch(outputOf);
  const files = [...diff.stdout.matchAll(/^\+\+\+ project\/(\S+)/gmu)].map(([, file]) => file);
  writeLine(terminal, `\n${style("bold", `What changed: ${files.join(", ")}`)}`);
  for (const line of diffLines(diff.stdout, style)) writeLine(terminal, `  ${line}`);
}

/** Runs the tests once more, in the same environment: the agent's word is no proof. Answers whether they pass. */
export async function showTests(settings: Settings, terminal: Terminal): Promise<boolean> {
  const style = createStyle(terminal);
  let output = "";
  await using environment = await openEnvironment(settings, settings.cwd);
  const { exitCode } = await environment.exec(
    {
      argv: ["bash", "-c", demoCommand],
      timeoutMs: 60_000,
      onOutput: (chunk) => {
        output += Buffer.from(chunk).toString("utf8");
      },
    },
    new AbortController().signal,
  );
  const counted = (name: string): string => new RegExp(`^# ${name} (\\d+)$`, "mu").exec(output)?.[1] ?? "?";
  const green = exitCode === 0 && counted("fail") === "0" && counted("pass") !== "0";
  const mark = green ? style("green", "✓") : style("red", "✗");
  writeLine(terminal, `\n${style("bold", "Its tests, run again by the demo and not by the agent")}`);
  writeLine(terminal, `  ${mark} ${counted("pass")} passed, ${counted("fail")} failed`);
  return green;
}

/** `diff` exits with 1 when there is a difference, which the caller hopes for. */
function outputOf(error: unknown): { readonly stdout: string } {
  return typeof error === "object" && error !== null && "stdout" in error
    ? { stdout: String(error.stdout) }
    : { stdout: "" };
}
