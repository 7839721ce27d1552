import { readlinkSync } from "node:fs";

import { isTauError } from "@tau/core";

import { jailVector } from "./jail-command.ts";
import type { JailOptions } from "./jail-options.ts";
import { createJailRunner } from "./jail-runner.ts";
import type { JailSettings } from "./jail-settings.ts";
import { jailSettings } from "./jail-settings.ts";
import type { ProbeFixture } from "./probe-fixture.ts";
import { createProbeFixture } from "./probe-fixture.ts";
import { escapePerl, escapeScript } from "./escape-script.ts";
import { escapes, perlEscapes, triedSyscalls } from "./escape.ts";
import { perlScript, probeScript } from "./probe-script.ts";
import type { ProbeResult } from "./probe.ts";
import { probes } from "./probe.ts";
import { deniedSyscall, inspectedSyscall } from "./syscall-numbers.ts";
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

/**
 * Tries every escape that is known to this package, the self-test's among them; takes a second or two.
 *
 * Otherwise as {@link runSandboxSelfTest}.
 */
export async function runEscapeSuite(options: JailOptions): Promise<readonly ProbeResult[]> {
  return await probeJail(options, jailVector, fullSuite);
}

/** What one run tries. */
export interface ProbeSuite {
  readonly script: string;
  /** What each probe does, by name. */
  readonly probes: Readonly<Record<string, string>>;
}

const quickSuite: ProbeSuite = { script: `${probeScript}\nsay done held\n`, probes };

/** Everything: see {@link runEscapeSuite}. */
export const fullSuite: ProbeSuite = {
  script: `${probeScript}\n${escapeScript}\nsay done held\n`,
  probes: {
    ...probes,
    ...escapes,
    ...Object.fromEntries(triedSyscalls.map((name) => [`syscall_${name}`, `calls ${name}`])),
  },
};

/** The self-test over a vector of the caller's choice, so that tests can see it fail. */
export async function probeJail(
  options: JailOptions,
  vectorOf: Parameters<typeof createJailRunner>[1],
  suite: ProbeSuite = quickSuite,
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
  const said = await runProbes(settings, { fixture, vectorOf, suite });
  const seen = new Set(await fixture.findings());
  return Object.entries(suite.probes).map(([name, detail]) =>
    resultOf({ name, detail, outcome: seen.has(name) ? "escaped" : said.get(name) }, settings),
  );
}

interface Trial {
  readonly fixture: ProbeFixture;
  readonly vectorOf: Parameters<typeof createJailRunner>[1];
  readonly suite: ProbeSuite;
}

async function runProbes(
  settings: JailSettings,
  { fixture, vectorOf, suite }: Trial,
): Promise<ReadonlyMap<string, string>> {
  let stdout = "";
  let stderr = "";
  const request = {
    argv: ["/bin/sh", "-c", suite.script],
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
  if (["done", ...Object.keys(suite.probes)].every((name) => said.has(name))) return said;
  throw unavailable("its self-test did not finish.", "Run `tau doctor` for the details.", new Error(stderr));
}

function probeVariables(settings: JailSettings, fixture: ProbeFixture): Record<string, string> {
  const { architecture } = settings;
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
    PROBE_BWRAP: settings.bwrapPath,
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

interface Said {
  readonly name: string;
  readonly detail: string;
  readonly outcome: string | undefined;
}

function resultOf({ name, detail, outcome }: Said, settings: JailSettings): ProbeResult {
  const granted = grants(name, settings);
  if (granted !== undefined) return { name, outcome: "not_probed", detail: granted };
  if (outcome === "held" || outcome === "escaped") return { name, outcome, detail };
  return { name, outcome: "not_probed", detail: "this machine has no perl or no program to try it with" };
}

const ofNetwork: readonly string[] = ["network", "network_datagram", "network_interface", "run_folder"];
const ofUnixSockets: readonly string[] = ["unix_socket", "abstract_socket"];
const ofAllFiles: readonly string[] = [
  "write_outside",
  "remount",
  "workspace_moved",
  "temporary_file",
  "shared_memory",
];

/** Why a probe says nothing under this profile; undefined when it does. */
function grants(name: string, settings: JailSettings): string | undefined {
  const { access, network } = settings.profile;
  if (network === true && ofNetwork.includes(name)) return "the profile grants the network";
  if (settings.unixSockets && ofUnixSockets.includes(name)) return "the options grant unix sockets";
  if (name === "read_only_workspace" && access !== "read-only") return "the profile grants the workspace";
  const writing = ofAllFiles.includes(name) || name.startsWith("protected_") || name.startsWith("outside_");
  return access === "full" && writing ? "the profile grants all files" : undefined;
}
