/**
 * Stands for a vendor's command: repeats a recorded run of it. Started with the run to play, as base64 of JSON, and
 * behind that what the command is started with; writes down how it was started.
 */
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";

/** A recorded run. */
export interface Recorded {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
  /** Goes on until it is ended; so do runs without an exit code, which had to be ended when they were recorded. */
  readonly hangs?: boolean;
  /** Does not end when it is interrupted. */
  readonly stubborn?: boolean;
  /** Starts a child that leaves its process group, and would outlive it. */
  readonly child?: boolean;
}

interface Settings {
  readonly name: string;
  readonly scenario: string;
  readonly log: string;
  readonly play: Partial<Recorded>;
}

async function play([, , encoded = "", ...args]: readonly string[]): Promise<void> {
  const {
    name,
    scenario,
    log,
    play: changes,
  }: Settings = JSON.parse(Buffer.from(encoded, "base64").toString());
  const file = new URL(`../fixtures/${name}.json`, import.meta.url);
  const { runs }: { readonly runs: Readonly<Record<string, Recorded>> } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const recorded = { stdout: "", stderr: "", ...runs[scenario], ...changes };
  if (recorded.stubborn === true) process.on("SIGINT", () => undefined);
  const child =
    recorded.child === true ? spawn("sleep", ["600"], { stdio: "inherit", detached: true }) : undefined;
  const call = {
    pid: process.pid,
    childPid: child?.pid,
    args,
    env: process.env,
    cwd: process.cwd(),
    umask: process.umask(),
    stdin: await text(process.stdin),
  };
  appendFileSync(log, `${JSON.stringify(call)}\n`);
  writeSync(2, recorded.stderr);
  for (const line of recorded.stdout.split(/(?<=\n)/)) writeSync(1, line);
  if (recorded.exitCode === undefined || recorded.hangs === true) setInterval(() => undefined, 1000);
  else process.exit(recorded.exitCode);
}

if (process.argv[1] === import.meta.filename) await play(process.argv);
