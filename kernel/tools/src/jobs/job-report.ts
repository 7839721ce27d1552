import type { ToolContext, ToolOutput } from "../tool.ts";
import { textOutput } from "../tool-output.ts";
import { jobFacts } from "./job.ts";
import type { Job } from "./job.ts";

const maxPageBytes = 30_000;

/** How a job stands, in a sentence. */
export function jobStatusText(job: Job): string {
  const status = job.status();
  if (status.status === "exited") return `${job.id} ended with exit code ${status.exitCode}.`;
  if (status.status === "failed") return `${job.id} did not end by itself: ${status.reason}`;
  return `${job.id} is running since ${Math.round((performance.now() - job.startedAt) / 1000)} s.`;
}

/** Shows what a job printed from `cursor` on. The whole output of a job that ended is saved as an artifact. */
export async function reportJob(job: Job, cursor: number, context: ToolContext): Promise<ToolOutput> {
  const page = job.output.page(cursor, maxPageBytes);
  const lines = [jobStatusText(job)];
  const details: Record<string, ReturnType<typeof jobFacts> | ReturnType<typeof jobFacts>[]> = {
    job: { ...jobFacts(job), cursor: page.cursor },
  };
  if (job.status().status !== "running" && (page.more || cursor > 0)) {
    const saved = await context.artifacts.save(
      `output of ${job.id}`,
      "text/plain; charset=utf-8",
      Buffer.from(job.output.whole()),
    );
    details["artifacts"] = [{ ...saved }];
    lines.push(`All of its output is ${saved.id}.`);
  }
  lines.push(
    page.more ? `There is more: go on with cursor ${page.cursor}.` : `The next cursor is ${page.cursor}.`,
  );
  const text = page.text.trimEnd();
  return textOutput(`${lines.join(" ")}\n${text === "" ? "(nothing new)" : text}`, { details });
}
