import { setTimeout as delay } from "node:timers/promises";

import type { Job } from "./job.ts";

/** Waits until the job has ended, or printed what `until` looks for, but no longer than `limitMs`. Throws `signal.reason`. */
export async function waitForJob(
  job: Job,
  { until, limitMs }: { readonly until?: (job: Job) => boolean; readonly limitMs: number },
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const limit = delay(limitMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(
    () => true,
    () => true,
  );
  try {
    for (;;) {
      const news = job.news();
      if (job.status().status !== "running" || until?.(job) === true) return;
      const isOver = await Promise.race([news.then(() => false), limit]);
      signal.throwIfAborted();
      if (isOver) return;
    }
  } finally {
    over.abort();
  }
}
