import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";

import { isJsonObject, parseJson } from "@tau/core";
import { killQuietly } from "@tau/tools";

import type { KnownProcess } from "./process-start.ts";
import { death, startTime } from "./process-start.ts";

/** What bubblewrap reports of the process that is number 1 inside of the jail. */
export interface JailStatus {
  /** Whether the command was started and ended by itself. */
  commandEnded(): boolean;
  /** The number of process 1 outside of the jail; undefined before it is known, and once it is dead. */
  firstProcess(): number | undefined;
  /** Asks every process in the jail's session to end; false when none is known yet. */
  terminate(): boolean;
  /** Settles when process 1, and with it every process of the jail, is dead. */
  gone(): Promise<void>;
}

/** Follows bubblewrap's `--json-status-fd`. */
export function followStatus(stream: Readable): JailStatus {
  let text = "";
  let first: KnownProcess | undefined;
  let ended = false;
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const pid = numberIn(line, "child-pid");
      if (pid !== undefined) first = { pid, startedAt: startTime(pid) };
      if (numberIn(line, "exit-code") !== undefined) ended = true;
    }
  });
  const alive = (): number | undefined =>
    first === undefined || startTime(first.pid) !== first.startedAt ? undefined : first.pid;
  const complete = finished(stream).catch(() => undefined);

  return {
    commandEnded: () => ended,
    firstProcess: alive,
    terminate() {
      const pid = alive();
      if (pid === undefined) return false;
      killQuietly(-pid, "SIGTERM");
      return true;
    },
    async gone() {
      await complete;
      if (first !== undefined) await death(first);
    },
  };
}

function numberIn(line: string, name: string): number | undefined {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const value = parsed.value[name];
  return typeof value === "number" ? value : undefined;
}
