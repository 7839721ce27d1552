import { TauError } from "@tau/core";

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
    maxOutputChars: maxShownChars,
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
      callId: context.idempotencyKey,
      timeoutMs,
      onOutput: (chunk, stream) => {
        collector.add(chunk);
        context.progress(plainText(decoders[stream].decode(chunk, { stream: true })));
      },
    },
    signal,
  );
  return report(result, timeoutMs, collector);
}

/** The whole output: what is too long for the model, the registry spills to an artifact. */
function report(result: ExecResult, timeoutMs: number, collector: OutputCollector): ToolOutput {
  const durationMs = Math.round(result.durationMs);
  const output = plainText(collector.toText()).trimEnd();
  const status = result.timedOut
    ? `tool.timeout: the command was stopped after ${timeoutMs} ms. Raise timeoutMs (at most ${maxTimeoutMs}), or ask for less.`
    : `Exit code ${result.exitCode}${meaningOf(result.exitCode)} after ${duration(durationMs)}.`;
  return textOutput(`${status}\n${output === "" ? "(no output)" : output}`, {
    isError: result.timedOut,
    details: {
      exitCode: result.exitCode,
      durationMs,
      timedOut: result.timedOut,
      outputBytes: collector.size,
    },
  });
}

const meanings: Readonly<Record<number, string>> = {
  127: "a command was not found",
  130: "interrupted",
  134: "aborted",
  137: "killed, perhaps out of memory",
  139: "segmentation fault",
  143: "terminated",
};

function meaningOf(exitCode: number): string {
  const meaning = meanings[exitCode];
  return meaning === undefined ? "" : ` (${meaning})`;
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
