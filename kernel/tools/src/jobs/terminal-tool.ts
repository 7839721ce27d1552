import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { workspacePath } from "../builtin/workspace-path.ts";
import { startJob } from "./job.ts";
import { reportJob } from "./job-report.ts";
import { jobsOf } from "./job-table.ts";
import { waitForJob } from "./wait-for.ts";

interface TerminalInput {
  readonly command: string;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly waitMs?: number;
}

/** Makes the tool that starts a program in a terminal of its own: a debugger, a REPL, an installer that asks. */
export function createTerminalTool(): Tool {
  const side = { type: "integer", minimum: 1, maximum: 1000 } as const;
  return defineTool<TerminalInput>({
    name: "terminal",
    description:
      "Starts a command in a terminal, for programs that want one: a debugger, a REPL, an editor, something that asks questions. Answers what it shows at first and the id of the job: job_write types to it, job_output and job_wait show more, job_kill ends it. Use bash for everything else.",
    input: {
      type: "object",
      properties: {
        command: { type: "string", minLength: 1, description: "Shell source, as for bash -c." },
        cwd: { type: "string", minLength: 1, description: "Where to run it. Default: the workspace." },
        columns: { ...side, description: "Default 120." },
        rows: { ...side, description: "Default 40." },
        waitMs: {
          type: "integer",
          minimum: 0,
          maximum: 60_000,
          description: "Milliseconds to wait for its first words. Default 1000.",
        },
      },
      required: ["command"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    access: ({ command, cwd }, workspace) => [
      { kind: "command", source: command, cwd: workspacePath(workspace, cwd ?? ".") },
    ],
    execute: async (input, context) => {
      const { environment, signal } = context;
      const jobs = jobsOf(environment);
      jobs.assertRoom();
      const job = await startJob(environment, {
        command: input.command,
        argv: ["bash", "-c", input.command],
        cwd: workspacePath(environment.info.profile.workspace, input.cwd ?? "."),
        callId: context.idempotencyKey,
        pty: { columns: input.columns ?? 120, rows: input.rows ?? 40 },
      });
      jobs.add(job);
      await waitForJob(job, { limitMs: input.waitMs ?? 1000 }, signal);
      return await reportJob(job, 0, context);
    },
  });
}
