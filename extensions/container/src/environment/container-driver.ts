import { isTauError } from "@tau/core";
import type { SandboxDriver } from "@tau/tools";

import { runContainerSelfTest } from "../self-test/self-test.ts";
import type { ContainerOptions } from "./container-options.ts";
import { createContainerEnvironment } from "./create-container-environment.ts";

const enforced: readonly string[] = [
  "of this machine's files the workspace alone, protected paths held, secret files hidden",
  "processes, shared memory, names and network of its own",
  "no capabilities, no new privileges, the engine's system call filter, a read-only image",
  "limits on processes and memory",
  "nothing outlives its command",
];

const unenforced: readonly string[] = [
  "names of hosts: such a profile has no network",
  "the engine itself acts for whoever reaches its socket, usually as root",
];

/** Makes the driver that confines by containers of Docker or Podman. */
export function createContainerDriver(options: Omit<ContainerOptions, "profile">): SandboxDriver {
  return {
    name: "container",
    async probe(profile, signal) {
      try {
        const results = await runContainerSelfTest({ ...options, profile }, signal);
        const escaped = results.filter(({ outcome }) => outcome === "escaped");
        if (escaped.length === 0) return { usable: true, enforced, unenforced };
        const names = escaped.map(({ name, detail }) => `${name} (${detail})`).join("; ");
        const remedy = "Update the engine and the kernel, and report this.";
        return { usable: false, reason: `Its self-test got out: ${names}.`, remedy };
      } catch (error) {
        signal.throwIfAborted();
        if (!isTauError(error)) throw error;
        // The messages say what to do, and end with it.
        return { usable: false, reason: error.message, remedy: "" };
      }
    },
    open: (profile, signal) => createContainerEnvironment({ ...options, profile }, signal),
  };
}
