import type { EnvironmentProfile } from "@tau/tools";

import type { EngineAddress } from "../engine/engine-address.ts";

/** What one container may use up. */
export interface ContainerLimits {
  /** Processes and threads together. Default 1024. */
  readonly processes?: number;
  /** Memory of all processes together, in bytes, without swap. Default 2 GiB. */
  readonly memoryBytes?: number;
  /** Processors, as in 1.5. Default: all. */
  readonly cpus?: number;
  /** What /tmp may hold, in bytes. Default 1 GiB; counts as memory. */
  readonly tmpBytes?: number;
}

/** Options of `createContainerEnvironment`. */
export interface ContainerOptions {
  readonly profile: EnvironmentProfile;
  /** Where the engine listens. Default: the usual sockets of Docker and Podman. */
  readonly engine?: EngineAddress;
  /** `name@sha256:…`, or the id of an image of this machine, `sha256:…`. It needs `sh`; for terminals also `stty`. */
  readonly image: string;
  /** Whether an image that is missing is pulled by its digest. Default false. */
  readonly pull?: boolean;
  /** A runtime that the engine knows, such as `runsc` (gVisor) or `kata`. Default: the engine's. */
  readonly runtime?: string;
  /** Whose containers these are: a label, by which leftovers are found. Default `local`. */
  readonly tenant?: string;
  /** The engine's network for a profile whose network is `true`. Default `bridge`. */
  readonly networkName?: string;
  /** Variables for every command, beside those of the image. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Absolute folders that commands see, but cannot write, at the same path: programs of an installation that need nothing
   * else of this machine. They hide what the image has there; what does not exist is left out.
   */
  readonly showPaths?: readonly string[];
  /** Absolute paths to hide beside the usual credentials, where they are in the workspace. */
  readonly maskPaths?: readonly string[];
  /** Paths below the workspace that cannot be written, beside the usual ones. Relative to the workspace. */
  readonly protectPaths?: readonly string[];
  readonly limits?: ContainerLimits;
}
