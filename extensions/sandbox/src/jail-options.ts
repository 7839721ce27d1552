import type { EnvironmentProfile, NetworkGate } from "@tau/tools";

/**
 * Limits of one command; absent ones stay as this process has them. Those of everything that it started together are
 * looked at 20 times a second; a command that exceeds one is killed, and its standard error says which.
 */
export interface JailLimits {
  /** Processes and threads together. Default 1024. The kernel holds ordinary users to it at once, and root not at all. */
  readonly processes?: number;
  /** Memory of the command and of everything that it started, its files in /tmp included, in bytes. */
  readonly memoryBytes?: number;
  /** Processor time of the command and of everything that it started, in seconds. */
  readonly cpuSeconds?: number;
  /** Largest file a command may write, in bytes. */
  readonly fileBytes?: number;
  /** Address space of each process, in bytes. Node and Java reserve far more than they use. */
  readonly addressSpaceBytes?: number;
  /** What /tmp, /run and /dev/shm may hold, each, in bytes. Default 1 GiB. */
  readonly tmpBytes?: number;
}

/** Options of `createJail`. */
export interface JailOptions {
  readonly profile: EnvironmentProfile;
  /** Absolute path of bubblewrap. Default: the first `bwrap` on the PATH. */
  readonly bwrapPath?: string;
  /** Variables for every command, beside the allowlisted ones of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute paths to hide beside the usual credentials, such as Tau's own data folder. */
  readonly maskPaths?: readonly string[];
  /**
   * Absolute paths that commands see, but cannot write, where the private /tmp and /run would hide them: the
   * programs of an installation below /tmp. What does not exist is left out.
   */
  readonly showPaths?: readonly string[];
  /** Paths below the workspace that cannot be written, beside the usual ones. Relative to the workspace. */
  readonly protectPaths?: readonly string[];
  /** Whether commands may use unix sockets and so reach services of this machine. Default false. */
  readonly unixSockets?: boolean;
  readonly limits?: JailLimits;
  /**
   * The way out for a profile that names hosts; for the same hosts, and the caller's to dispose of after the jail. Without it
   * such a profile has no network.
   */
  readonly gate?: NetworkGate;
  /**
   * An absolute folder in which transactions are kept, on a disk that layers can lie on; one for each tenant, and hidden
   * from commands. Without it, and under the profile `full`, the environment has none.
   */
  readonly transactions?: string;
}
