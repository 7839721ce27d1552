import { isTauError } from "@tau/core";
import type { SandboxDriver } from "@tau/tools";

import { createPodEnvironment } from "./create-pod-environment.ts";
import type { PodSettings } from "./pod-options.ts";

const enforced: readonly string[] = [
  "commands run in a pod of their own: not root, no capabilities, the runtime's system call filter, a read-only root",
  "commands that only read have a workspace that is mounted read-only",
  "what a command changed in a copied workspace comes back path by path, as the profile allows",
  "no token of the cluster in the pod, limits of processor, memory and disk, an end after a set time",
];

/** Makes the driver whose environments are pods. Its probe makes one, tries to write and to reach out, and deletes it. */
export function createPodDriver(settings: PodSettings): SandboxDriver {
  return {
    name: "pod",
    async probe(profile, signal) {
      try {
        await using environment = await createPodEnvironment({ ...settings, profile }, signal);
        const attempt = {
          argv: ["touch", `${profile.workspace}/.tau-probe`],
          readOnly: true,
          timeoutMs: 30_000,
        } as const;
        const { exitCode } = await environment.exec(attempt, signal);
        if (exitCode === 0) {
          return {
            usable: false,
            reason: "A command that may only read wrote into the pod's workspace.",
            remedy: "Check the cluster's storage: a read-only mount must be read-only.",
          };
        }
        return { usable: true, enforced, unenforced: environment.info.unenforced ?? [] };
      } catch (error) {
        signal.throwIfAborted();
        if (!isTauError(error)) throw error;
        return {
          usable: false,
          reason: error.message,
          remedy:
            "Check the context, the namespace, the image and the roles of this identity in the cluster.",
        };
      }
    },
    open: async (profile, signal) => await createPodEnvironment({ ...settings, profile }, signal),
  };
}
