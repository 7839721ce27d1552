import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate as others, setTimeout as delay } from "node:timers/promises";

import { isJsonObject, parseJson } from "@tau/core";
import { killQuietly } from "@tau/tools";

import { startTime } from "./process-start.ts";

/** What bubblewrap reports of the process that is number 1 inside of the jail. */
export interface JailStatus {
  /** Whether the command was started and ended by itself. */
  commandEnded(): boolean;
  /** The number of process 1 outside of the jail; undefined before it is known, and once it is dead. */
  firstProcess(): number | undefined;
  /** Asks every process in the jail's session to end; false when none is known yet. */
  terminate(): boolean;
  /** Settles once it is known which process is number 1, or that there is none; it does not wait for long. */
  begun(): Promise<void>;
  /** Settles when process 1, and with it every process of the jail, is dead. */
  gone(): Promise<void>;
}

const polls = 1000;
/**
 * How long bubblewrap may take to tell of process 1 when it is to be killed: in between, that process waits for bubblewrap,
 * outlives it, and nobody knows its number.
 */
const begunMs = 150;
/** How long the end is waited for without a pause: it mostly comes within a millisecond, which is a timer's shortest. */
const eagerMs = 3;

/** Follows bubblewrap's `--json-status-fd`. */
export function followStatus(stream: Readable): JailStatus {
  let text = "";
  let first: FirstProcess | undefined;
  let ended = false;
  const told = Promise.withResolvers<void>();
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const pid = numberIn(line, "child-pid");
      if (pid !== undefined) {
        first = { pid, startedAt: startTime(pid) };
        told.resolve();
      }
      if (numberIn(line, "exit-code") !== undefined) ended = true;
    }
  });
  const alive = (): number | undefined =>
    first === undefined || startTime(first.pid) !== first.startedAt ? undefined : first.pid;
  const complete = finished(stream).catch(() => undefined);
  complete.then(told.resolve, told.resolve);

  return {
    commandEnded: () => ended,
    firstProcess: alive,
    terminate() {
      const pid = alive();
      if (pid === undefined) return false;
      killQuietly(-pid, "SIGTERM");
      return true;
    },
    async begun() {
      if (first === undefined) await Promise.race([told.promise, delay(begunMs, undefined, { ref: false })]);
    },
    async gone() {
      await complete;
      if (first !== undefined) await death(first);
    },
  };
}

interface FirstProcess {
  readonly pid: number;
  readonly startedAt: string | undefined;
}

async function death({ pid, startedAt }: FirstProcess): Promise<void> {
  const since = performance.now();
  for (let poll = 0; poll < polls; poll++) {
    const started = startTime(pid);
    if (started === undefined || started !== startedAt) return;
    killQuietly(pid, "SIGKILL");
    await (performance.now() - since < eagerMs ? others() : delay(1));
  }
}

function numberIn(line: string, name: string): number | undefined {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const value = parsed.value[name];
  return typeof value === "number" ? value : undefined;
}
