import type { SandboxDriver } from "@tau/tools";

import { reportOf } from "../bubblewrap-driver.ts";
import { testOnce } from "../test-once.ts";
import { createLandlock, landlockGaps } from "./create-landlock.ts";
import type { LandlockOptions } from "./create-landlock.ts";
import { runQuickLandlockTest } from "./landlock-self-test.ts";
import { whyNoStandIn } from "./why-no-stand-in.ts";

const enforced: readonly string[] = [
  "writes below the workspace and a temporary folder of its own only",
  "contents of credentials and of Tau's data hidden",
  "no internet and no unix sockets unless granted, no signals to other processes",
  "no gain of privileges, a system call filter",
];

/** Options of {@link createLandlockDriver}. */
export interface LandlockDriverOptions extends Omit<LandlockOptions, "profile"> {
  /**
   * Whether it is to take the place of a jail that somebody asked for: then it is not usable where it would keep less of the
   * profile, for want of a way to named hosts or to hide secret files of the workspace. Default false.
   */
  readonly standsIn?: boolean;
}

/** Makes the driver that confines by Landlock and seccomp, for machines that allow no namespaces. */
export function createLandlockDriver({
  standsIn = false,
  ...options
}: LandlockDriverOptions = {}): SandboxDriver {
  return {
    name: "landlock",
    async probe(profile, signal) {
      signal.throwIfAborted();
      const unfit = standsIn ? await whyNoStandIn(options, profile) : undefined;
      if (unfit !== undefined) return { usable: false, ...unfit };
      // Which files there are to hide is no part of what the kernel is tested for.
      const kind = ["landlock", profile.access, profile.network, options.unixSockets];
      const test = async (): ReturnType<typeof testOnce> =>
        await testOnce(kind, async () => await runQuickLandlockTest({ ...options, profile }));
      return await reportOf(test, { enforced, unenforced: landlockGaps });
    },
    open: (profile) => createLandlock({ ...options, profile }),
  };
}
