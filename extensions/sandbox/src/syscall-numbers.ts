/** The architectures whose system call numbers this package knows. */
export type Architecture = "x64" | "arm64";

type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/**
 * System calls that no command in a jail needs, and that widen what it may attack.
 *
 * Numbers: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
 */
const denied: Readonly<Record<string, Numbers>> = {
  // Reading and steering other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  // Large kernel interfaces; io_uring also opens sockets behind the filter's back.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // Keyrings are not divided by namespaces.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  // The machine itself.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  vhangup: [153, 58],
  lookup_dcookie: [212, 18],
};

/** System calls that are refused for some arguments only. */
export type InspectedSyscall =
  | "socket"
  | "ioctl"
  | "clone"
  | "clone3"
  | "chmod"
  | "fchmod"
  | "fchmodat"
  | "fchmodat2"
  | "mknod"
  | "mknodat"
  | "creat"
  | "open"
  | "openat"
  | "openat2";

const inspected: Readonly<Record<InspectedSyscall, Numbers>> = {
  socket: [41, 198],
  ioctl: [16, 29],
  clone: [56, 220],
  clone3: [435, 435],
  // Whatever sets the permission bits of a file.
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  mknod: [133, undefined],
  mknodat: [259, 33],
  creat: [85, undefined],
  open: [2, undefined],
  openat: [257, 56],
  openat2: [437, 437],
};

/** The numbers of all calls that are always refused. */
export function deniedSyscalls(architecture: Architecture): readonly number[] {
  return Object.values(denied)
    .map((numbers) => pick(numbers, architecture))
    .filter((number) => number !== undefined);
}

/** The number of a refused call by name, for probes; undefined where the architecture lacks it. */
export function deniedSyscall(name: string, architecture: Architecture): number | undefined {
  const numbers = denied[name];
  return numbers === undefined ? undefined : pick(numbers, architecture);
}

/** The number of a call that is refused for some arguments only; undefined where the architecture lacks it. */
export function inspectedSyscall(name: InspectedSyscall, architecture: Architecture): number | undefined {
  return pick(inspected[name], architecture);
}

function pick(numbers: Numbers, architecture: Architecture): number | undefined {
  return numbers[architecture === "x64" ? 0 : 1];
}
