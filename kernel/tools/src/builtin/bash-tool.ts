import { TauError } from "@tau/core";

import { markedClip } from "../cap-output.ts";
import { defineTool } from "../define-tool.ts";
import type { ExecResult } from "../environment.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { createOutputCollector } from "./output-collector.ts";
import type { OutputCollector } from "./output-collector.ts";
import { plainText } from "./plain-text.ts";
import { workspacePath } from "./workspace-path.ts";

interface BashInput {
  readonly command: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

const defaultTimeoutMs = 120_000;
const maxTimeoutMs = 600_000;
/** Characters of output shown to the model. */
const maxShownChars = 30_000;
/** Of a longer output the middle is dropped, also from the artifact: one command holds at most 12 MB. */
const headBytes = 2_000_000;
const tailBytes = 5_000_000;

/**
 * Makes the tool that runs shell commands.
 *
 * A non-zero exit code is not an error result: `grep` without a match and a failing test are answers. The
 * code is stated in the first line. What did not run, or did not end in time, is an error.
 */
export function createBashTool(): Tool {
  return defineTool<BashInput>({
    name: "bash",
    description: `Runs a command with bash and returns its exit code and its output (stdout and stderr, up to ${maxShownChars} characters; the rest is saved as an artifact). Each call is a new shell in the workspace: cd and variables do not carry over, and nothing it starts outlives it. There is no terminal and no input. Use read, edit, glob and grep for files.`,
    input: {
      type: "object",
      properties: {
        command: { type: "string", minLength: 1, description: "Shell source, as for bash -c." },
        timeoutMs: {
          type: "integer",
          minimum: 1,
          maximum: maxTimeoutMs,
          description: `Milliseconds after which it is stopped. Default ${defaultTimeoutMs}.`,
        },
        cwd: { type: "string", minLength: 1, description: "Where to run it. Default: the workspace." },
      },
      required: ["command"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    // The command has its own limit; this one is for an environment that does not keep it.
    timeoutMs: maxTimeoutMs + 10_000,
    maxOutputChars: 40_000,
    access: ({ command, cwd }, workspace) => [
      { kind: "command", source: command, cwd: workspacePath(workspace, cwd ?? ".") },
    ],
    execute: async (input, context) => await run(input, context),
  });
}

async function run(input: BashInput, context: ToolContext): Promise<ToolOutput> {
  if (input.command.includes("\0")) {
    throw new TauError("tool.invalid_arguments", "command: a shell command cannot contain a NUL character.");
  }
  const { environment, signal } = context;
  const timeoutMs = input.timeoutMs ?? defaultTimeoutMs;
  const collector = createOutputCollector(headBytes, tailBytes);
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const result = await environment.exec(
    {
      argv: ["bash", "-c", input.command],
      cwd: workspacePath(environment.info.profile.workspace, input.cwd ?? "."),
      stdin: "",
      timeoutMs,
      onOutput: (chunk, stream) => {
        collector.add(chunk);
        context.progress(plainText(decoders[stream].decode(chunk, { stream: true })));
      },
    },
    signal,
  );
  return await report(result, { timeoutMs, collector }, context);
}

async function report(
  result: ExecResult,
  { timeoutMs, collector }: { readonly timeoutMs: number; readonly collector: OutputCollector },
  context: ToolContext,
): Promise<ToolOutput> {
  const durationMs = Math.round(result.durationMs);
  const output = plainText(collector.toText()).trimEnd();
  const details = {
    exitCode: result.exitCode,
    durationMs,
    timedOut: result.timedOut,
    outputBytes: collector.size,
  };
  const status = result.timedOut
    ? `tool.timeout: the command was stopped after ${timeoutMs} ms. Raise timeoutMs (at most ${maxTimeoutMs}), or ask for less.`
    : `Exit code ${result.exitCode}${signalOf(result.exitCode)} after ${duration(durationMs)}.`;
  const shown = await shownOutput(output, context);
  return textOutput(`${status}\n${shown.text}`, {
    isError: result.timedOut,
    details: { ...details, ...(shown.artifact === undefined ? {} : { artifact: shown.artifact }) },
  });
}

async function shownOutput(
  output: string,
  context: ToolContext,
): Promise<{ readonly text: string; readonly artifact?: string }> {
  if (output === "") return { text: "(no output)" };
  if (output.length <= maxShownChars) return { text: output };
  const data = Buffer.from(output);
  const { id } = await context.artifacts.save("bash output", "text/plain; charset=utf-8", data);
  return { text: markedClip(output, maxShownChars, id), artifact: id };
}

const signals: Readonly<Record<number, string>> = {
  130: "interrupted",
  134: "aborted",
  137: "killed, perhaps out of memory",
  139: "segmentation fault",
  143: "terminated",
};

function signalOf(exitCode: number): string {
  const name = signals[exitCode];
  if (exitCode === 127) return " (a command was not found)";
  return name === undefined ? "" : ` (${name})`;
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
