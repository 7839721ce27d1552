import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

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

/** Processes of this machine that carry the marker. */
function carriers(marker: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/u.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(marker);
    } catch {
      return false;
    }
  });
}

test("killMarkedProcesses() ends a process that starts its successor and ends, again and again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tau-marked-"));
  // Without its program the relay ends.
  onTestFinished(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [program, going] = [join(folder, "relay"), join(folder, "going")];
  await writeFile(program, `#!/bin/sh\n: > ${going}\nsetsid "$0" </dev/null >/dev/null 2>&1 &\n`, {
    mode: 0o755,
  });
  for (let round = 0; round < 5; round++) {
    const marker = randomUUID();
    const env = { PATH: process.env["PATH"], [markerVariable]: marker };
    const child = spawn(program, { env, stdio: "ignore" });
    await once(child, "exit");

    await killMarkedProcesses(marker);

    expect(existsSync(going)).toBe(true);
    await rm(going);
    expect(carriers(marker)).toEqual([]);
    // The relay says so each time that it is passed on.
    expect(existsSync(going)).toBe(false);
  }
});
