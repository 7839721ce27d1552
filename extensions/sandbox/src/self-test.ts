import { readlinkSync } from "node:fs";

import { isTauError } from "@tau/core";

import { jailVector } from "./jail-command.ts";
import type { JailOptions } from "./jail-options.ts";
import { createJailRunner } from "./jail-runner.ts";
import type { JailSettings } from "./jail-settings.ts";
import { jailSettings } from "./jail-settings.ts";
import type { ProbeFixture } from "./probe-fixture.ts";
import { createProbeFixture } from "./probe-fixture.ts";
import { perlScript, probeScript } from "./probe-script.ts";
import type { ProbeName, ProbeResult } from "./probe.ts";
import { isProbeName, probes } from "./probe.ts";
import { deniedSyscall } from "./syscall-numbers.ts";
import { explainFailure, unavailable } from "./unavailable.ts";

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

/**
 * Tries to get out of a jail of this kind and says what came of each attempt.
 *
 * It runs in folders of its own, not in the workspace. Throws `sandbox.unavailable` when there can be no jail.
 */
export async function runSandboxSelfTest(options: JailOptions): Promise<readonly ProbeResult[]> {
  return await probeJail(options, jailVector);
}

/** The self-test over a vector of the caller's choice, so that tests can see it fail. */
export async function probeJail(
  options: JailOptions,
  vectorOf: Parameters<typeof createJailRunner>[1],
): Promise<readonly ProbeResult[]> {
  await using fixture = await createProbeFixture();
  const secret = fixture.halves.join("-");
  const settings = jailSettings(
    {
      ...options,
      profile: { ...options.profile, workspace: fixture.workspace },
      maskPaths: [...(options.maskPaths ?? []), fixture.secrets],
    },
    { ...process.env, TAU_SELF_TEST_SECRET: secret },
  );
  const said = await runProbes(settings, fixture, vectorOf);
  const seen = new Set<string>(await fixture.findings());
  return Object.keys(probes)
    .filter((name) => isProbeName(name))
    .map((name) => resultOf(name, seen.has(name) ? "escaped" : said.get(name), settings));
}

async function runProbes(
  settings: JailSettings,
  fixture: ProbeFixture,
  vectorOf: Parameters<typeof createJailRunner>[1],
): Promise<ReadonlyMap<string, string>> {
  let stdout = "";
  let stderr = "";
  const request = {
    argv: ["/bin/sh", "-c", probeScript],
    timeoutMs: timeLimitMs,
    env: probeVariables(settings, fixture),
    onOutput: (chunk: Uint8Array, stream: "stdout" | "stderr"): void => {
      if (stream === "stdout") stdout += Buffer.from(chunk).toString("utf8");
      else stderr += Buffer.from(chunk).toString("utf8");
    },
  } as const;
  try {
    await createJailRunner(settings, vectorOf).run(request, new AbortController().signal);
  } catch (error) {
    throw isTauError(error) ? explainFailure(stderr) : error;
  }
  const said = new Map(
    stdout.split("\n").flatMap((line) => {
      const [name, outcome] = line.split(" ");
      return name === undefined || outcome === undefined ? [] : [[name, outcome]];
    }),
  );
  if (["done", ...Object.keys(probes)].every((name) => said.has(name))) return said;
  throw unavailable("its self-test did not finish.", "Run `tau doctor` for the details.", new Error(stderr));
}

function probeVariables(settings: JailSettings, fixture: ProbeFixture): Record<string, string> {
  const numbers = probedSyscalls.map((name) => `${name}=${deniedSyscall(name, settings.architecture) ?? -1}`);
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
    PROBE_BWRAP: settings.bwrapPath,
    PROBE_SYSCALLS: numbers.join(","),
    PROBE_PERL: perlScript,
  };
}

function resultOf(name: ProbeName, outcome: string | undefined, settings: JailSettings): ProbeResult {
  const granted = grants(name, settings);
  if (granted !== undefined) return { name, outcome: "not_probed", detail: granted };
  if (outcome === "held" || outcome === "escaped") return { name, outcome, detail: probes[name] };
  return { name, outcome: "not_probed", detail: "this machine has no perl or no mount to try it with" };
}

/** Why a probe says nothing under this profile; undefined when it does. */
function grants(name: ProbeName, settings: JailSettings): string | undefined {
  const { access, network } = settings.profile;
  if (name === "network" && network === true) return "the profile grants the network";
  if (name === "unix_socket" && settings.unixSockets) return "the options grant unix sockets";
  if (name === "read_only_workspace" && access !== "read-only") return "the profile grants the workspace";
  const writing = name === "write_outside" || name === "remount" || name.startsWith("protected_");
  return access === "full" && writing ? "the profile grants all files" : undefined;
}
