import type { JsonObject } from "@tau/core";

import type { TransactionSummary, WriteSet } from "./write-set.ts";

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
  /** Relative to the workspace: what file operations may write although the profile is `read-only`. Commands may not. */
  readonly planFolder?: string;
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
  /** Folders in which commands look for programs, the first one first; absent where it is not known. */
  readonly programPath?: readonly string[];
  /** What of the usual promises this kind of environment does not keep, each a few words. Absent: nothing. */
  readonly unenforced?: readonly string[];
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
  /** Names the tool call that the command belongs to, for records of what it did. */
  readonly callId?: string;
  /** Tells the environment that the command needs no network, so that it can keep it from one. Default: the profile's. */
  readonly network?: false;
}

/** The size of a terminal, in characters. Both are at least 1 and at most 1000. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A process to start and to talk to: a server on standard input and output, a background job, a terminal. */
export interface StartRequest extends Omit<ExecRequest, "stdin" | "timeoutMs"> {
  /** `false`: standard input is empty, and nothing can be written. Default: a pipe. Does not matter with a terminal. */
  readonly input?: false;
  /** Gives the process a terminal of this size instead of pipes; its whole output then counts as `stdout`. Linux, with `script` of util-linux. */
  readonly pty?: TerminalSize;
}

/** A process that runs until it ends, is killed, its signal aborts, or its environment is disposed of. */
export interface RunningProcess {
  /** Settles when nothing that the process started is alive; rejects with the signal's reason when that ended it. */
  readonly exit: Promise<ExecResult>;
  /** Writes to standard input; settles when the system took it. Throws `environment.failed` once the process or its input has ended. */
  write(data: string | Uint8Array): Promise<void>;
  /** Ends standard input; in a terminal as Ctrl-D does. */
  closeInput(): void;
  /** Changes the size of the terminal; there is none without {@link StartRequest.pty}. */
  resize?(size: TerminalSize): void;
  /** Asks the process and its children to end, then ends them; settles when nothing is alive. */
  kill(): Promise<void>;
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
 * - `start` promises of its process what `exec` promises of a command, from start to `exit`. One that cannot be
 *   started rejects `start` or `exit` with `environment.failed`. A rejected `exit` that nobody awaits harms nobody.
 * - A command gets an allowlist of variables, never the secrets of this process.
 */
export interface Environment {
  readonly info: EnvironmentInfo;
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;
  /** Starts a process that lives beside this call; `signal` ends it. */
  start(request: StartRequest, signal: AbortSignal): Promise<RunningProcess>;
  readFile(path: string, signal: AbortSignal): Promise<Uint8Array>;
  writeFile(path: string, data: Uint8Array, options: WriteFileOptions, signal: AbortSignal): Promise<void>;
  stat(path: string, signal: AbortSignal): Promise<FileStat>;
  /** The path with every symlink resolved; of a path that does not exist yet, its nearest existing parent's. */
  realPath(path: string, signal: AbortSignal): Promise<string>;
  /** Looking at what commands do before it is done; absent where the environment or the machine cannot. */
  readonly transactions?: Transactions;
}

/** Commands that run on a layer over the workspace, which stays as it is. */
export interface Transaction {
  readonly id: string;
  /**
   * Its commands write into the layer, and later ones see it; its file operations only read, and read the workspace.
   * It starts no processes that live on: a write set is judged once it is complete.
   */
  readonly environment: Environment;
  /**
   * Ends the layer and keeps it on disk with `outcome`, which is the caller's own. Throws `environment.conflict`
   * when the workspace changed under the command where the command wrote; then nothing is kept.
   */
  hold(outcome: JsonObject, signal: AbortSignal): Promise<WriteSet>;
  /** Throws the layer away; does nothing once it is held. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * An environment's way to look at what commands do before it is done, and to take it back.
 *
 * What is held, committed or undone outlives the process: any other that opens an environment over the same
 * workspace and the same store can go on with it. An unknown id throws `environment.not_found`.
 */
export interface Transactions {
  /** `title` is shown by {@link list}. */
  begin(title: string, signal: AbortSignal): Promise<Transaction>;
  /** The write set of a transaction, computed anew from what is on disk. */
  writeSet(id: string, signal: AbortSignal): Promise<WriteSet>;
  /** What the caller gave to {@link Transaction.hold}. */
  outcome(id: string, signal: AbortSignal): Promise<JsonObject>;
  /** The changes of texts as a unified diff of at most `maxChars` characters; other files as a line each. */
  diff(id: string, maxChars: number, signal: AbortSignal): Promise<string>;
  /**
   * Carries out a held transaction, all of it or nothing. `hash` is that of the write set that was decided on.
   *
   * Throws `environment.conflict` when the layer is not that one any more, or the workspace changed where it writes, and
   * `environment.denied` when the profile forbids a path. Committing again what is committed does nothing.
   */
  commit(id: string, hash: string, signal: AbortSignal): Promise<void>;
  /** Throws a held transaction away; does nothing when it is gone. */
  discard(id: string, signal: AbortSignal): Promise<void>;
  /** Puts back what was before a committed one. Throws `environment.conflict` when a path changed since. */
  undo(id: string, signal: AbortSignal): Promise<void>;
  /** Those of this workspace, newest first. Interrupted commits are finished or taken back before. */
  list(signal: AbortSignal): Promise<readonly TransactionSummary[]>;
}
