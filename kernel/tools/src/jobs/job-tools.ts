import { TauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool } from "../tool.ts";
import { jobFacts } from "./job.ts";
import type { Job } from "./job.ts";
import { jobStatusText, reportJob } from "./job-report.ts";
import { jobsOf } from "./job-table.ts";
import { waitForJob } from "./wait-for.ts";

const id = { type: "string", minLength: 1, description: "job-…, as bash or terminal named it." } as const;
const cursor = {
  type: "integer",
  minimum: 0,
  description: "Show what came after this; as the last answer said. Default 0: from the beginning.",
} as const;
const maxWaitMs = 600_000;

/** Makes the tools that watch, feed and end jobs: job_output, job_wait, job_write, job_kill. */
export function createJobTools(): readonly Tool[] {
  return [jobOutputTool(), jobWaitTool(), jobWriteTool(), jobKillTool()];
}

function jobOutputTool(): Tool {
  return defineTool<{ readonly id?: string; readonly cursor?: number }>({
    name: "job_output",
    description:
      "Shows what a background job printed, from a cursor on, and whether it still runs. Without an id: lists the jobs.",
    input: { type: "object", properties: { id, cursor }, additionalProperties: false },
    sideEffect: "pure",
    execute: async (input, context) => {
      const jobs = jobsOf(context.environment);
      if (input.id !== undefined) return await reportJob(jobs.get(input.id), input.cursor ?? 0, context);
      const list = jobs.list();
      const lines = list.map((job) => `${jobStatusText(job)} ${job.command.split("\n")[0]?.slice(0, 100)}`);
      return textOutput(lines.length === 0 ? "There are no jobs." : lines.join("\n"), {
        details: { jobs: list.map(jobFacts) },
      });
    },
  });
}

interface WaitInput {
  readonly id: string;
  readonly cursor?: number;
  readonly until?: string;
  readonly timeoutMs?: number;
}

function jobWaitTool(): Tool {
  return defineTool<WaitInput>({
    name: "job_wait",
    description:
      'Waits until a background job has ended, or has printed the text "until", then shows its output from the cursor on. Does not end it.',
    input: {
      type: "object",
      properties: {
        id,
        cursor,
        until: { type: "string", minLength: 1, description: "Text after the cursor to wait for." },
        timeoutMs: {
          type: "integer",
          minimum: 0,
          maximum: maxWaitMs,
          description: "Milliseconds to wait at most. Default 60000.",
        },
      },
      required: ["id"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    showsCommands: true,
    timeoutMs: maxWaitMs + 10_000,
    execute: async (input, context) => {
      const job = jobsOf(context.environment).get(input.id);
      const from = input.cursor ?? 0;
      const { until } = input;
      const limitMs = input.timeoutMs ?? 60_000;
      const wanted = until === undefined ? {} : { until: (one: Job) => printed(one, from, until) };
      await waitForJob(job, { ...wanted, limitMs }, context.signal);
      return await reportJob(job, from, context);
    },
  });
}

function printed({ output }: Job, from: number, text: string): boolean {
  return output.page(from, Number.MAX_SAFE_INTEGER).text.includes(text);
}

interface WriteInput {
  readonly id: string;
  readonly input?: string;
  readonly end?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly waitMs?: number;
}

/** What keys without a meaning for a shell leave of an input: what a shell would run. */
const keys = new RegExp(String.raw`\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O?.)?|(?![\n\t])\p{Cc}`, "gu");

function jobWriteTool(): Tool {
  const side = { type: "integer", minimum: 1, maximum: 1000 } as const;
  return defineTool<WriteInput>({
    name: "job_write",
    description: String.raw`Types to a background job: "input" goes to its standard input as it is, so end a line with \n. In a terminal \u0003 is Ctrl-C, \u0004 Ctrl-D, \u001b Escape, \u001b[A the arrow up. Shows what it printed since. "end" closes its input; "columns" and "rows" change the size of its terminal.`,
    input: {
      type: "object",
      properties: {
        id,
        input: { type: "string" },
        end: { type: "boolean" },
        columns: side,
        rows: side,
        waitMs: {
          type: "integer",
          minimum: 0,
          maximum: 60_000,
          description: "Milliseconds to wait for an answer. Default 1000.",
        },
      },
      required: ["id"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    showsCommands: true,
    // Nobody knows what reads the input: it counts as what a shell would make of it.
    access: ({ input = "" }, workspace) => {
      const source = input.replace(keys, "").trim();
      return source === "" ? [] : [{ kind: "command", source, cwd: workspace }, { kind: "other" }];
    },
    execute: async (input, context) => {
      const job = jobsOf(context.environment).get(input.id);
      const from = job.output.size;
      await typeTo(job, input);
      await waitForJob(job, { limitMs: input.waitMs ?? 1000 }, context.signal);
      return await reportJob(job, from, context);
    },
  });
}

async function typeTo(job: Job, { input = "", end = false, columns, rows }: WriteInput): Promise<void> {
  const cannot = (why: string): TauError => new TauError("job.no_input", `${job.id} ${why}`);
  if (job.status().status !== "running") throw cannot("has ended: it takes no input.");
  if (columns !== undefined || rows !== undefined) {
    if (job.process.resize === undefined) throw cannot("has no terminal: leave columns and rows out.");
    if (columns === undefined || rows === undefined) throw cannot("needs both columns and rows.");
    job.process.resize({ columns, rows });
  }
  if (input !== "") {
    await job.process.write(input).catch((error: unknown) => {
      throw new TauError("job.no_input", `The input of ${job.id} is closed.`, { cause: error });
    });
  }
  if (end) job.process.closeInput();
}

function jobKillTool(): Tool {
  return defineTool<{ readonly id: string }>({
    name: "job_kill",
    description: "Ends a background job and everything that it started, and shows the end of its output.",
    input: { type: "object", properties: { id }, required: ["id"], additionalProperties: false },
    sideEffect: "idempotent",
    showsCommands: true,
    // It can only end what this agent started.
    effects: [],
    execute: async (input, context) => {
      const job = jobsOf(context.environment).get(input.id);
      await job.process.kill();
      await job.ended;
      return await reportJob(job, Math.max(0, job.output.size - 2000), context);
    },
  });
}
