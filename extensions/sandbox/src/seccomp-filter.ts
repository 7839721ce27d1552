import type { Architecture, InspectedSyscall } from "./syscall-numbers.ts";
import { deniedSyscalls, inspectedSyscall } from "./syscall-numbers.ts";

/** Options of {@link seccompFilter}. */
export interface SeccompFilterOptions {
  readonly architecture: Architecture;
  /** Whether commands may make unix sockets. They reach every service of the machine that listens on one. */
  readonly unixSockets: boolean;
  /** Whether commands may make internet sockets at all. Default true: a network of their own has nothing in it. */
  readonly internet?: boolean;
}

interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly value: number;
}

const loadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const jumpAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const jumpAnyBit = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const giveBack = 0x06; // BPF_RET | BPF_K

const allow = 0x7fff0000;
const kill = 0x80000000; // SECCOMP_RET_KILL_PROCESS
const refuse = 0x00050000 + 1; // SECCOMP_RET_ERRNO, EPERM
const absent = 0x00050000 + 38; // SECCOMP_RET_ERRNO, ENOSYS

// Offsets in struct seccomp_data; arguments are 64 bits, little-endian: these are their low halves.
const syscallNumber = 0;
const auditArchitecture = 4;
const argument = (index: number): number => 16 + 8 * index;

const auditValue = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const x32Bit = 0x40000000;

const familyUnix = 1;
const familyNetlink = 16;
const netlinkRoute = 0;
const internetFamilies = [2, 10];
const newNamespaces = 0x7e020000; // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
const setIds = 0o6000; // S_ISUID, S_ISGID
const makesFile = 0o100 | 0o20000000; // O_CREAT, __O_TMPFILE
/** Calls that set permission bits, and where those stand among their arguments. */
const modeCalls = [
  ["chmod", 1],
  ["fchmod", 1],
  ["fchmodat", 2],
  ["fchmodat2", 2],
  ["mknod", 1],
  ["mknodat", 2],
  ["creat", 1],
] as const;
const typeIntoTerminal = [0x5412, 0x541c]; // TIOCSTI, TIOCLINUX

/**
 * Assembles the seccomp program (classic BPF, as `bwrap --seccomp` reads it) of a jail.
 *
 * Denied calls fail with EPERM; another architecture's calls end the process, since their numbers mean other
 * calls. `clone3` and `openat2` fail with ENOSYS, because a filter cannot see their arguments: callers then fall back to
 * the older calls.
 */
export function seccompFilter(options: SeccompFilterOptions): Uint8Array {
  const { architecture } = options;
  const on = (name: InspectedSyscall, body: readonly Instruction[]): readonly Instruction[] => {
    const number = inspectedSyscall(name, architecture);
    return number === undefined ? [] : whenEqual(number, body);
  };
  return encode([
    load(auditArchitecture),
    ...unlessEqual(auditValue[architecture], kill),
    load(syscallNumber),
    ...(architecture === "x64"
      ? [{ code: jumpAtLeast, jumpTrue: 0, jumpFalse: 1, value: x32Bit }, end(kill)]
      : []),
    ...deniedSyscalls(architecture).flatMap((number) => whenEqual(number, [end(refuse)])),
    ...on("clone3", [end(absent)]),
    ...on("openat2", [end(absent)]),
    ...on("clone", cloneRules()),
    ...on("ioctl", ioctlRules()),
    ...on("socket", socketRules(options)),
    ...modeCalls.flatMap(([name, position]) => on(name, modeRules(position))),
    ...on("open", openRules(1)),
    ...on("openat", openRules(2)),
    end(allow),
  ]);
}

function cloneRules(): readonly Instruction[] {
  return [
    load(argument(0)),
    { code: jumpAnyBit, jumpTrue: 0, jumpFalse: 1, value: newNamespaces },
    end(refuse),
    end(allow),
  ];
}

function ioctlRules(): readonly Instruction[] {
  return [
    load(argument(1)),
    ...typeIntoTerminal.flatMap((request) => whenEqual(request, [end(refuse)])),
    end(allow),
  ];
}

/**
 * A file that its owner's rights come with, left in the workspace, would lend them to whoever runs it outside: root's,
 * where Tau runs as root.
 */
function modeRules(position: number): readonly Instruction[] {
  return [
    load(argument(position)),
    { code: jumpAnyBit, jumpTrue: 0, jumpFalse: 1, value: setIds },
    end(refuse),
    end(allow),
  ];
}

/** The mode counts only when a file is made; otherwise there may be anything in its place. */
function openRules(flagsPosition: number): readonly Instruction[] {
  const rules = modeRules(flagsPosition + 1);
  return [
    load(argument(flagsPosition)),
    { code: jumpAnyBit, jumpTrue: 0, jumpFalse: rules.length, value: makesFile },
    ...rules,
    end(allow),
  ];
}

/** Only the internet, and of netlink only what `getifaddrs` needs: the other families are attack surface. */
function socketRules({ unixSockets, internet = true }: SeccompFilterOptions): readonly Instruction[] {
  const families = [...(internet ? internetFamilies : []), ...(unixSockets ? [familyUnix] : [])];
  return [
    load(argument(0)),
    ...families.flatMap((family) => whenEqual(family, [end(allow)])),
    ...whenEqual(familyNetlink, [load(argument(2)), ...whenEqual(netlinkRoute, [end(allow)]), end(refuse)]),
    end(refuse),
  ];
}

function load(offset: number): Instruction {
  return { code: loadWord, jumpTrue: 0, jumpFalse: 0, value: offset };
}

function end(verdict: number): Instruction {
  return { code: giveBack, jumpTrue: 0, jumpFalse: 0, value: verdict };
}

/** Runs `body` when the loaded word equals `value`; `body` must end with a verdict. */
function whenEqual(value: number, body: readonly Instruction[]): readonly Instruction[] {
  return [{ code: jumpEqual, jumpTrue: 0, jumpFalse: body.length, value }, ...body];
}

function unlessEqual(value: number, verdict: number): readonly Instruction[] {
  return [{ code: jumpEqual, jumpTrue: 1, jumpFalse: 0, value }, end(verdict)];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, jumpTrue, jumpFalse, value }, index) => {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, jumpTrue);
    bytes.setUint8(index * 8 + 3, jumpFalse);
    bytes.setUint32(index * 8 + 4, value, true);
  });
  return new Uint8Array(bytes.buffer);
}
