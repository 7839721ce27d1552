import { isTauError, TauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import type { ExecResult } from "../environment.ts";
import { createJobOutput } from "../jobs/job-output.ts";
import type { JobOutput } from "../jobs/job-output.ts";
import { reportJob } from "../jobs/job-report.ts";
import { jobsOf } from "../jobs/job-table.ts";
import type { JobTable } from "../jobs/job-table.ts";
import { startJob } from "../jobs/job.ts";
import type { Job, JobRequest } from "../jobs/job.ts";
import { waitForJob } from "../jobs/wait-for.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { endMarker } from "./end-marker.ts";
import type { EndMarker } from "./end-marker.ts";
import { plainText } from "./plain-text.ts";
import { assertNoTerminalNeeded, interactivePrograms } from "./program-rule.ts";
import type { ProgramRule } from "./program-rule.ts";
import { workspacePath } from "./workspace-path.ts";

interface BashInput {
  readonly command: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly background?: boolean;
}

interface Shell {
  readonly source: string;
  /** Absolute. */
  readonly cwd: string;
  readonly callId: string;
}

/** Options of {@link createBashTool}. */
export interface BashOptions {
  /** Milliseconds after which a command without a `timeoutMs` goes on as a background job. Default 60,000; Infinity: never. */
  readonly autoBackgroundMs?: number;
  /** Commands that are refused with a hint, because they need a terminal or never end. Default {@link interactivePrograms}. */
  readonly programs?: readonly ProgramRule[];
}

const defaultTimeoutMs = 120_000;
const maxTimeoutMs = 600_000;
/** Characters of output shown to the model. */
const maxShownChars = 30_000;

/**
 * Makes the tool that runs shell commands.
 *
 * A non-zero exit code is not an error result: `grep` without a match and a failing test are answers. The
 * code is stated in the first line. What did not run, or did not end in time, is an error. What takes long goes on
 * as a background job, unless the model said how long it may take.
 */
export function createBashTool(options: BashOptions = {}): Tool {
  const { autoBackgroundMs = 60_000, programs = interactivePrograms } = options;
  const later = Number.isFinite(autoBackgroundMs)
    ? ` After ${autoBackgroundMs / 1000} s it goes on in the background, unless you set timeoutMs.`
    : "";
  return defineTool<BashInput>({
    name: "bash",
    description: `Runs a command with bash and returns its exit code and its output (stdout and stderr, up to ${maxShownChars} characters; the rest is saved as an artifact). Each call is a new shell in the workspace: cd and variables do not carry over, so give "cwd". There is no terminal and no input.${later} Set "background" for servers and watchers: job_output and job_wait show what they print, job_write types to them, job_kill ends them. Nothing outlives this run. Use read, edit, glob and grep for files.`,
    input: {
      type: "object",
      properties: {
        command: { type: "string", minLength: 1, description: "Shell source, as for bash -c." },
        timeoutMs: {
          type: "integer",
          minimum: 1,
          maximum: maxTimeoutMs,
          description: `Milliseconds after which it is stopped.`,
        },
        cwd: { type: "string", minLength: 1, description: "Where to run it. Default: the workspace." },
        background: { type: "boolean", description: "Start it as a job and answer at once. Default false." },
      },
      required: ["command"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    actsByCommands: ({ background }) => background !== true,
    // The command has its own limit; this one is for an environment that does not keep it.
    timeoutMs: maxTimeoutMs + 10_000,
    maxOutputChars: maxShownChars,
    access: ({ command, cwd }, workspace) => [
      { kind: "command", source: command, cwd: workspacePath(workspace, cwd ?? ".") },
    ],
    execute: async (input, context) => {
      if (input.command.includes("\0")) {
        throw new TauError(
          "tool.invalid_arguments",
          "command: a shell command cannot contain a NUL character.",
        );
      }
      assertNoTerminalNeeded(input.command, programs);
      const shell = shellOf(input, context);
      if (input.background === true) return await runInBackground(shell, context);
      return await runInForeground(shell, context, {
        timeoutMs: input.timeoutMs,
        autoBackgroundMs,
      });
    },
  });
}

function shellOf(input: BashInput, { environment, idempotencyKey }: ToolContext): Shell {
  return {
    source: input.command,
    cwd: workspacePath(environment.info.profile.workspace, input.cwd ?? "."),
    callId: idempotencyKey,
  };
}

async function runInBackground(shell: Shell, context: ToolContext): Promise<ToolOutput> {
  const jobs = jobsOf(context.environment);
  jobs.assertRoom();
  const job = await startJob(context.environment, {
    ...jobRequest(shell),
    argv: ["bash", "-c", shell.source],
  });
  jobs.add(job);
  await waitForJob(job, { limitMs: 500 }, context.signal);
  return await reportJob(job, 0, context);
}

interface Limits {
  readonly timeoutMs: number | undefined;
  readonly autoBackgroundMs: number;
}

async function runInForeground(shell: Shell, context: ToolContext, limits: Limits): Promise<ToolOutput> {
  const jobs = jobsOf(context.environment);
  const end = endMarker();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const onOutput = (chunk: Uint8Array, stream: "stdout" | "stderr"): void =>
    context.progress(end.hide(plainText(decoders[stream].decode(chunk, { stream: true }))));
  const request = { ...jobRequest(shell), argv: end.argv(shell.source), onOutput, input: false } as const;
  const job = await startOrRun(request, context, limits.timeoutMs ?? defaultTimeoutMs);
  if (!("process" in job)) return report(job.result, { shell, end, output: job.output, ...limits });
  const startedAt = performance.now();
  try {
    await waitForJob(job, { limitMs: limits.timeoutMs ?? limits.autoBackgroundMs }, context.signal);
  } catch (error) {
    await job.process.kill();
    throw error;
  }
  let timedOut = false;
  if (job.status().status === "running") {
    if (limits.timeoutMs === undefined && canGoOn(jobs)) return await goOn(job, context);
    timedOut = true;
    await job.process.kill();
  }
  await job.ended;
  const { exitCode } = await job.process.exit;
  const result = { exitCode, timedOut, durationMs: performance.now() - startedAt };
  return report(result, { shell, end, output: job.output, ...limits });
}

/** Where nothing may live on, such as in a transaction, the command is run to its end. */
async function startOrRun(
  request: JobRequest,
  { environment, signal }: ToolContext,
  timeoutMs: number,
): Promise<Job | { readonly result: ExecResult; readonly output: JobOutput }> {
  try {
    return await startJob(environment, request);
  } catch (error) {
    if (!isTauError(error) || error.code !== "environment.denied") throw error;
  }
  const output = createJobOutput();
  const { argv, cwd, callId, onOutput } = request;
  const result = await environment.exec(
    {
      argv,
      cwd,
      callId,
      timeoutMs,
      onOutput: (chunk, stream) => {
        output.add(chunk);
        onOutput?.(chunk, stream);
      },
    },
    signal,
  );
  return { result, output };
}

function canGoOn(jobs: JobTable): boolean {
  try {
    jobs.assertRoom();
    return true;
  } catch {
    return false;
  }
}

async function goOn(job: Job, context: ToolContext): Promise<ToolOutput> {
  jobsOf(context.environment).add(job);
  const shown = await reportJob(job, 0, context);
  const note =
    "It takes long, so it goes on in the background: use job_wait or job_output with this id, or job_kill.";
  return { ...shown, content: [{ type: "text", text: `${note}\n` }, ...shown.content] };
}

function jobRequest({ source, cwd, callId }: Shell): Omit<JobRequest, "argv"> {
  return { command: source, cwd, callId };
}

interface Reported extends Limits {
  readonly shell: Shell;
  readonly end: EndMarker;
  readonly output: JobOutput;
}

/** The whole output: what is too long for the model, the registry spills to an artifact. */
function report(result: ExecResult, { shell, end, output, timeoutMs }: Reported): ToolOutput {
  const durationMs = Math.round(result.durationMs);
  const { text, folder, bytes } = end.take(output.whole());
  const shown = text.trimEnd();
  const status = result.timedOut
    ? `tool.timeout: the command was stopped after ${timeoutMs ?? defaultTimeoutMs} ms. Raise timeoutMs (at most ${maxTimeoutMs}), set background, or ask for less.`
    : `Exit code ${result.exitCode}${meaningOf(result.exitCode)} after ${duration(durationMs)}.`;
  const moved = folder !== undefined && folder !== shell.cwd;
  const note = moved ? ` It ended in ${folder}: to go on there, give that as cwd.` : "";
  return textOutput(`${status}${note}\n${shown === "" ? "(no output)" : shown}`, {
    isError: result.timedOut,
    details: {
      exitCode: result.exitCode,
      durationMs,
      timedOut: result.timedOut,
      outputBytes: output.size - bytes,
      ...(moved ? { cwd: folder } : {}),
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
