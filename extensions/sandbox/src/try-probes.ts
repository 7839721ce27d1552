import { readlinkSync } from "node:fs";

import { isTauError } from "@tau/core";
import type { ExecRequest } from "@tau/tools";

import { escapePerl } from "./escape-script.ts";
import { perlEscapes, triedSyscalls } from "./escape.ts";
import type { ProbeFixture } from "./probe-fixture.ts";
import { perlScript } from "./probe-script.ts";
import type { Architecture } from "./syscall-numbers.ts";
import { deniedSyscall, inspectedSyscall } from "./syscall-numbers.ts";
import { unavailable } from "./unavailable.ts";

const timeLimitMs = 20_000;
const probedSyscalls = [
  "ptrace",
  "process_vm_readv",
  "unshare",
  "mount",
  "io_uring_setup",
  "keyctl",
  "userfaultfd",
  "bpf",
];

/** What one run tries. */
export interface ProbeSuite {
  readonly script: string;
  /** What each probe does, by name. */
  readonly probes: Readonly<Record<string, string>>;
}

/** What the probes run in. */
export interface ProbeTarget {
  readonly architecture: Architecture;
  readonly bwrapPath?: string;
  exec(request: ExecRequest): Promise<unknown>;
  /** The error for a sandbox that could not run the probes at all, from what it wrote. */
  explain(stderr: string): Error;
}

/** Runs the probes of a suite; answers what each said, by name. */
export async function tryProbes(
  target: ProbeTarget,
  fixture: ProbeFixture,
  suite: ProbeSuite,
): Promise<ReadonlyMap<string, string>> {
  let stdout = "";
  let stderr = "";
  const request = {
    argv: ["/bin/sh", "-c", suite.script],
    timeoutMs: timeLimitMs,
    env: probeVariables(target, fixture),
    onOutput: (chunk: Uint8Array, stream: "stdout" | "stderr"): void => {
      if (stream === "stdout") stdout += Buffer.from(chunk).toString("utf8");
      else stderr += Buffer.from(chunk).toString("utf8");
    },
  } as const;
  try {
    await target.exec(request);
  } catch (error) {
    throw isTauError(error) ? target.explain(stderr) : error;
  }
  const said = new Map(
    stdout.split("\n").flatMap((line) => {
      const [name, outcome] = line.split(" ");
      return name === undefined || outcome === undefined ? [] : [[name, outcome]];
    }),
  );
  if (["done", ...Object.keys(suite.probes)].every((name) => said.has(name))) return said;
  throw unavailable("its self-test did not finish.", "Run `tau doctor` for the details.", new Error(stderr));
}

function probeVariables(
  { architecture, bwrapPath = "" }: ProbeTarget,
  fixture: ProbeFixture,
): Record<string, string> {
  const numbers = [...probedSyscalls, ...triedSyscalls].map(
    (name) => `${name}=${deniedSyscall(name, architecture) ?? -1}`,
  );
  const clone = inspectedSyscall("clone", architecture) ?? -1;
  return {
    PROBE_WORKSPACE: fixture.workspace,
    PROBE_OUTSIDE: fixture.outside,
    PROBE_SECRETS: fixture.secrets,
    PROBE_SOCKET: fixture.socket,
    PROBE_PORT: String(fixture.port),
    PROBE_HALF: fixture.halves[0],
    PROBE_OTHER_HALF: fixture.halves[1],
    PROBE_PID_NAMESPACE: readlinkSync("/proc/self/ns/pid"),
    PROBE_IPC_NAMESPACE: readlinkSync("/proc/self/ns/ipc"),
    PROBE_BWRAP: bwrapPath,
    PROBE_SYSCALLS: [...numbers, `clone=${clone}`].join(","),
    PROBE_TRIED: triedSyscalls.join(" "),
    PROBE_PERL_NAMES: [...perlEscapes, ...triedSyscalls.map((name) => `syscall_${name}`)].join(" "),
    // getpid of the x32 ABI, which only x64 has.
    PROBE_FOREIGN: architecture === "x64" ? "39" : "",
    PROBE_PID: String(process.pid),
    PROBE_DATAGRAM_PORT: String(fixture.datagramPort),
    PROBE_ESCAPE_PERL: escapePerl,
    PROBE_PERL: perlScript,
  };
}
