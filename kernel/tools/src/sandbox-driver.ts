import type { EnvironmentProfile } from "./environment.ts";
import type { OwnedEnvironment } from "./host/create-host-environment.ts";

/** What trying a driver on this machine showed. */
export type DriverReport =
  | {
      readonly usable: true;
      /** What the driver keeps, each a few words, for people who check. */
      readonly enforced: readonly string[];
      /** What it does not keep, and others do. */
      readonly unenforced: readonly string[];
    }
  | {
      readonly usable: false;
      /** Sentences: why not, and exactly what to do about it. */
      readonly reason: string;
      readonly remedy: string;
    };

/**
 * One way of this machine to confine commands.
 *
 * Contract:
 * - `probe` finds out by running something that tries to get out, never by looking at versions; it changes nothing and
 *   does not throw but for the signal's reason.
 * - `open` makes an environment that passes `describeEnvironment()`, or throws; it never gives less than `probe` reported.
 */
export interface SandboxDriver {
  /** `bubblewrap`, `landlock`, `container`, …: the `kind` of the environments that it opens, unless those say otherwise. */
  readonly name: string;
  probe(profile: EnvironmentProfile, signal: AbortSignal): Promise<DriverReport>;
  open(profile: EnvironmentProfile, signal: AbortSignal): Promise<OwnedEnvironment>;
}
