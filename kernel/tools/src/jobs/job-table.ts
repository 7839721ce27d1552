import { TauError } from "@tau/core";

import type { Environment } from "../environment.ts";
import type { Job } from "./job.ts";

/** The jobs of one environment, which ends them when it is closed. */
export interface JobTable {
  /** Throws `job.too_many`. */
  assertRoom(): void;
  add(job: Job): void;
  /** Throws `job.lost`. */
  get(id: string): Job;
  list(): readonly Job[];
}

const maxRunning = 16;
/** Ended jobs whose output can still be looked at. */
const maxEnded = 16;

const tables = new WeakMap<object, JobTable>();

/** The jobs of an environment; views of it, such as that of a tool that only reads, share them. */
export function jobsOf({ info }: Environment): JobTable {
  const known = tables.get(info);
  if (known !== undefined) return known;
  const table = createJobTable();
  tables.set(info, table);
  return table;
}

function createJobTable(): JobTable {
  const jobs = new Map<string, Job>();
  const isRunning = (job: Job): boolean => job.status().status === "running";
  return {
    assertRoom() {
      const running = [...jobs.values()].filter(isRunning);
      if (running.length < maxRunning) return;
      throw new TauError(
        "job.too_many",
        `${maxRunning} jobs are running, which is as many as a run may have. End one with job_kill: ${running.map(({ id }) => id).join(", ")}.`,
      );
    },
    add(job) {
      jobs.set(job.id, job);
      const ended = [...jobs.values()].filter((one) => !isRunning(one));
      for (const old of ended.slice(0, -maxEnded)) jobs.delete(old.id);
    },
    get(id) {
      const job = jobs.get(id);
      if (job !== undefined) return job;
      const ids = [...jobs.keys()].join(", ");
      throw new TauError(
        "job.lost",
        `There is no job ${JSON.stringify(id.slice(0, 40))} here${ids === "" ? "" : `; there is: ${ids}`}. Jobs end with the run that started them, and are lost when its process ends. It is not started again by itself: start it anew if you still need it.`,
      );
    },
    list: () => [...jobs.values()],
  };
}
