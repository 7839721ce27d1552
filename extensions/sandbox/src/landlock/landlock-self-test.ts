import { isTauError } from "@tau/core";

import { supportedArchitecture } from "../jail-settings.ts";
import { createProbeFixture } from "../probe-fixture.ts";
import type { ProbeResult } from "../probe.ts";
import { fullSuite, quickSuite } from "../self-test.ts";
import { tryProbes } from "../try-probes.ts";
import type { ProbeSuite } from "../try-probes.ts";
import { unavailable } from "../unavailable.ts";
import { createLandlock } from "./create-landlock.ts";
import type { LandlockOptions } from "./create-landlock.ts";

/**
 * What Landlock does not keep, or keeps another way: namespaces there are none, what is in the workspace cannot be held
 * apart from it, and protected paths are put back afterwards.
 */
const notKept: ReadonlySet<string> = new Set([
  "process_namespace",
  "ipc_namespace",
  "host_process",
  "network_interface",
  "run_folder",
  "protected_parent",
  "protected_exchanged",
  "protected_removed",
  "protected_by_hard_link",
  "masked_file",
  "masked_by_hard_link",
  "masked_moved",
  "masked_unmounted",
  "masked_listed",
  "process_limit",
  "raised_limit",
  "command_line",
  // Landlock knows no rights over these.
  "outside_mode",
  "outside_times",
]);

/**
 * Tries every known escape on an environment of Landlock's and says what came of each; what it never promised is
 * `not_probed`. Throws `sandbox.unavailable` when there can be none on this machine.
 */
export async function runLandlockSelfTest(options: LandlockOptions): Promise<readonly ProbeResult[]> {
  return await probeLandlock(options, fullSuite);
}

/** The same with the probes alone that a jail is opened with: a quarter of a second. */
export async function runQuickLandlockTest(options: LandlockOptions): Promise<readonly ProbeResult[]> {
  return await probeLandlock(options, quickSuite);
}

async function probeLandlock(options: LandlockOptions, suite: ProbeSuite): Promise<readonly ProbeResult[]> {
  await using fixture = await createProbeFixture();
  const profile = { ...options.profile, workspace: fixture.workspace };
  await using environment = await createLandlock({
    ...options,
    profile,
    maskPaths: [...(options.maskPaths ?? []), fixture.secrets],
  });
  const { signal } = new AbortController();
  const target = {
    architecture: supportedArchitecture(),
    exec: (request: Parameters<typeof environment.exec>[0]) => environment.exec(request, signal),
    explain: explainLauncher,
  };
  const said = await tryProbes(target, fixture, suite).catch((error: unknown) => {
    throw isTauError(error) && error.cause instanceof Error ? explainLauncher(error.cause.message) : error;
  });
  const seen = new Set(await fixture.findings());
  return Object.entries(suite.probes).map(([name, detail]): ProbeResult => {
    if (isGranted(name, options)) return { name, outcome: "not_probed", detail: "the profile grants it" };
    // A protected file is written and put back: what counts is how it is afterwards.
    if (name === "protected_path") return { name, detail, outcome: seen.has(name) ? "escaped" : "held" };
    // An ordinary user cannot give up what bounds it, and gains nothing by it without new privileges.
    const bounded = name === "capabilities" && process.getuid?.() !== 0;
    if (bounded || notKept.has(name))
      return { name, outcome: "not_probed", detail: "Landlock does not promise it" };
    const outcome = seen.has(name) ? "escaped" : said.get(name);
    return { name, detail, outcome: outcome === "held" || outcome === "escaped" ? outcome : "not_probed" };
  });
}

function isGranted(name: string, { profile: { access, network }, unixSockets }: LandlockOptions): boolean {
  if (network === true && name.startsWith("network")) return true;
  if (unixSockets === true && (name === "unix_socket" || name === "abstract_socket")) return true;
  if (name === "read_only_workspace") return access !== "read-only";
  if (access !== "full") return false;
  const files = ["write_outside", "remount", "workspace_moved", "temporary_file", "shared_memory"];
  return files.includes(name) || name.startsWith("outside_") || name.startsWith("protected_");
}

function explainLauncher(stderr: string): Error {
  const said = /tau-landlock: (.*)/u.exec(stderr)?.[1] ?? "its commands do not start.";
  const remedy = /Cannot find module/u.test(said)
    ? "Install the optional dependency of @tau/sandbox for this machine: `npm install --include=optional`."
    : "Use Linux 5.13 or later with `landlock` among the security modules (`lsm=` of the kernel's command line), and Node 22.15 or later.";
  return unavailable(said, remedy, new Error(stderr));
}
