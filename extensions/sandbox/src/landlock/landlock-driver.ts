import type { SandboxDriver } from "@tau/tools";

import { reportOf } from "../bubblewrap-driver.ts";
import { createLandlock, landlockGaps } from "./create-landlock.ts";
import type { LandlockOptions } from "./create-landlock.ts";
import { runQuickLandlockTest } from "./landlock-self-test.ts";

const enforced: readonly string[] = [
  "writes below the workspace and a temporary folder of its own only",
  "contents of credentials and of Tau's data hidden",
  "no internet and no unix sockets unless granted, no signals to other processes",
  "no gain of privileges, a system call filter",
];

/** Makes the driver that confines by Landlock and seccomp, for machines that allow no namespaces. */
export function createLandlockDriver(options: Omit<LandlockOptions, "profile"> = {}): SandboxDriver {
  return {
    name: "landlock",
    async probe(profile, signal) {
      signal.throwIfAborted();
      return await reportOf(() => runQuickLandlockTest({ ...options, profile }), {
        enforced,
        unenforced: landlockGaps,
      });
    },
    open: (profile) => createLandlock({ ...options, profile }),
  };
}
