import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";

import { expect, test } from "vitest";

import { killMarkedProcesses, markerVariable } from "./marked-processes.ts";

interface Marked {
  readonly marker: string;
  readonly child: ChildProcess;
  readonly pid: number;
}

async function startMarked(): Promise<Marked> {
  const marker = randomUUID();
  const env = { PATH: process.env["PATH"], [markerVariable]: marker };
  const child = spawn("sleep", ["600"], { env, detached: true, stdio: "ignore" });
  await once(child, "spawn");
  if (child.pid === undefined) throw new TypeError("A process that was started has a number.");
  return { marker, child, pid: child.pid };
}

test.each([
  ["nothing is known of the first", () => undefined],
  ["it is the first itself", ({ pid }: Marked) => ({ pid, since: performance.now() })],
  ["it is younger than the first", ({ pid }: Marked) => ({ pid: pid - 1, since: performance.now() })],
  // As when all numbers were used since: the last one that was given says nothing.
  ["its number may be lower than the first's", ({ pid }: Marked) => ({ pid: pid + 1, since: -Infinity })],
  ["the last number is lower than the first's", () => ({ pid: 2 ** 30, since: performance.now() })],
])("killMarkedProcesses() ends a process when %s", async (_, firstOf) => {
  const marked = await startMarked();
  const exit = once(marked.child, "exit");

  await killMarkedProcesses(marked.marker, firstOf(marked));

  expect(await exit).toEqual([null, "SIGKILL"]);
});
