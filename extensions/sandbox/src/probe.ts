/** What came of one attempt to get out of the jail. */
export interface ProbeResult {
  /** Such as `write_outside`. */
  readonly name: string;
  /** `not_probed`: granted by the profile, or the machine lacks what the attempt needs. */
  readonly outcome: "held" | "escaped" | "not_probed";
  /** What was tried, or why it was not. */
  readonly detail: string;
}

/** What each probe tries, by name; also the order in which results are listed. */
export const probes = {
  capabilities: "holds a capability",
  privileges: "gains privileges through setuid programs",
  seccomp: "runs without a seccomp filter",
  write_outside: "writes a file outside of the workspace",
  remount: "mounts the root again as writable and writes",
  mount: "mounts a file system",
  kernel_settings: "opens a setting of the kernel for writing",
  devices: "reads a disk",
  protected_path: "writes the workspace's .git/config and .git/hooks",
  protected_parent: "moves the workspace's .git away",
  read_only_workspace: "writes the workspace under the read-only profile",
  masked_folder: "reads a file in a masked folder",
  masked_file: "reads the workspace's .env",
  masked_by_root_link: "reads a masked file through /proc/1/root",
  environment: "finds Tau's variables in /proc",
  process_namespace: "shares the machine's process ids and can signal its processes",
  ipc_namespace: "shares the machine's shared memory",
  network: "connects to a port of the machine's loopback",
  unix_socket: "connects to a unix socket of the machine",
  ptrace: "calls ptrace",
  process_memory: "calls process_vm_readv",
  user_namespace: "makes a user namespace",
  mount_syscall: "calls mount",
  io_uring: "calls io_uring_setup",
  keyring: "calls keyctl",
  userfaultfd: "calls userfaultfd",
  bpf: "calls bpf",
  terminal_input: "types into the controlling terminal with TIOCSTI",
  nested_jail: "starts bubblewrap again",
} as const;

/** The name of a probe. */
export type ProbeName = keyof typeof probes;
