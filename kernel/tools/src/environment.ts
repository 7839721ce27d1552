/**
 * What commands reach of the network.
 *
 * - `false`: nothing.
 * - `true`: whatever this machine reaches, its own loopback and the metadata of its cloud included.
 * - `hosts`: these alone, by name, as in `example.org`, `*.example.org`, `git.example.org:22` or `127.0.0.1:8080`; without a
 *   port, 80 and 443. `*` is every public host. What cannot enforce it reaches nothing.
 */
export type NetworkAccess = boolean | { readonly hosts: readonly string[] };

/** What a command may touch. `workspace` is an absolute path; tools see the same paths inside and outside. */
export interface EnvironmentProfile {
  /**
   * - `read-only`: reads everything but secrets, writes nothing but its private /tmp.
   * - `workspace-write`: also writes below the workspace, except protected paths such as `.git/hooks`.
   * - `full`: writes wherever the user may.
   */
  readonly access: "read-only" | "workspace-write" | "full";
  readonly workspace: string;
  readonly network: NetworkAccess;
}

/** What an environment says of itself; part of every effect's event. */
export interface EnvironmentInfo {
  /** `host`, `jail`, … */
  readonly kind: string;
  /** Whether the operating system enforces the profile. */
  readonly enforced: boolean;
  readonly profile: EnvironmentProfile;
  /** SHA-256 over the effective profile, 12 hexadecimal digits. */
  readonly profileHash: string;
}

/** A command to run. */
export interface ExecRequest {
  /** Program and arguments; never goes through a shell unless the program is one. */
  readonly argv: readonly [string, ...string[]];
  /** Absolute; defaults to the workspace. */
  readonly cwd?: string;
  /** Added to the environment's allowlisted variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Called with interleaved output as it arrives. */
  readonly onOutput?: (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
  /** Tells the environment that the command only reads, so that it can enforce it. Default false. */
  readonly readOnly?: boolean;
}

/** How a command ended. */
export interface ExecResult {
  /** The exit code; 128 + signal when a signal ended it. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** What is known of a path. */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  /** Bytes. */
  readonly size: number;
  /** Permission bits, for example 0o644. */
  readonly mode: number;
}

/** Options of {@link Environment.writeFile}. */
export interface WriteFileOptions {
  /** Fail with `environment.exists` when the path is there. Default false. */
  readonly exclusive?: boolean;
  /** Permission bits for a new file; an existing file keeps its own. Default 0o644. */
  readonly mode?: number;
}

/**
 * Where tools act: the host, a jail, a container.
 *
 * Contract, checked by `describeEnvironment()` from `@tau/tools/testing`:
 * - Every operation obeys the profile; what it forbids throws `environment.denied` and changes nothing. Symlinks are resolved first.
 * - Missing paths throw `environment.not_found`; other failures `environment.failed`. Paths are absolute.
 * - `writeFile` is atomic (a reader sees the old or the new file), makes missing parent folders, and keeps
 *   the mode of an existing file.
 * - When `exec` settles, nothing that the command started is alive, and the signal, the timeout and
 *   disposal end it within 250 ms. A command that cannot be started throws `environment.failed`.
 * - A command gets an allowlist of variables, never the secrets of this process.
 */
export interface Environment {
  readonly info: EnvironmentInfo;
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;
  readFile(path: string, signal: AbortSignal): Promise<Uint8Array>;
  writeFile(path: string, data: Uint8Array, options: WriteFileOptions, signal: AbortSignal): Promise<void>;
  stat(path: string, signal: AbortSignal): Promise<FileStat>;
  /** The path with every symlink resolved; of a path that does not exist yet, its nearest existing parent's. */
  realPath(path: string, signal: AbortSignal): Promise<string>;
}
