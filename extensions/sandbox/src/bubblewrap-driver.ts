import { isTauError } from "@tau/core";
import type { DriverReport, EnvironmentProfile, SandboxDriver } from "@tau/tools";

import { createJail } from "./create-jail.ts";
import type { JailOptions } from "./jail-options.ts";
import { limitGaps } from "./limits/limit-gaps.ts";
import type { ProbeResult } from "./probe.ts";
import { runSandboxSelfTest } from "./self-test.ts";

const enforced: readonly string[] = [
  "writes below the workspace only, protected paths held",
  "credentials and Tau's data hidden",
  "processes, shared memory, names and network of its own",
  "no capabilities, no namespaces, a system call filter",
  "nothing outlives its command",
  "limits of processes, memory, processor time, files and temporary files",
];

/** Makes the driver that confines by bubblewrap: the one that keeps everything. */
export function createBubblewrapDriver(options: Omit<JailOptions, "profile"> = {}): SandboxDriver {
  return {
    name: "bubblewrap",
    async probe(profile, signal) {
      signal.throwIfAborted();
      return await reportOf(() => runSandboxSelfTest({ ...options, profile }), {
        enforced,
        unenforced: limitGaps(),
      });
    },
    open: (profile: EnvironmentProfile) => createJail({ ...options, profile }),
  };
}

/** Runs a self-test and says what came of it. */
export async function reportOf(
  test: () => Promise<readonly ProbeResult[]>,
  kept: { readonly enforced: readonly string[]; readonly unenforced: readonly string[] },
): Promise<DriverReport> {
  try {
    const escaped = (await test()).filter(({ outcome }) => outcome === "escaped");
    if (escaped.length === 0) return { usable: true, ...kept };
    const names = escaped.map(({ name, detail }) => `${name} (${detail})`).join("; ");
    return {
      usable: false,
      reason: `Its self-test got out: ${names}.`,
      remedy: "Update the kernel and the sandbox, and report this.",
    };
  } catch (error) {
    if (!isTauError(error)) throw error;
    // The messages of `sandbox.unavailable` say what to do, and end with it.
    return { usable: false, reason: error.message, remedy: "" };
  }
}
