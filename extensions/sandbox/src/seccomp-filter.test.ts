import { describe, expect, it } from "vitest";

import { seccompFilter } from "./seccomp-filter.ts";
import type { Architecture } from "./syscall-numbers.ts";
import { deniedSyscall } from "./syscall-numbers.ts";

const auditArchitecture = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

interface Call {
  readonly number: number;
  readonly arguments?: readonly number[];
  readonly audit?: number;
}

/** Runs the few instructions of classic BPF that the filter uses, as the kernel would. */
function verdict(architecture: Architecture, call: Call, unixSockets = false): string {
  const program = seccompFilter({ architecture, unixSockets });
  const view = new DataView(program.buffer);
  let word = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = view.getUint16(at, true);
    const value = view.getUint32(at + 4, true);
    if (code === 0x06) return describeVerdict(value);
    if (code === 0x20) word = load(architecture, call, value);
    const holds: boolean | undefined = {
      0x15: word === value,
      0x35: word >= value,
      0x45: (word & value) !== 0,
    }[code];
    if (holds !== undefined) at += 8 * view.getUint8(at + (holds ? 2 : 3));
  }
  return "fell off the end";
}

function load(architecture: Architecture, call: Call, offset: number): number {
  if (offset === 0) return call.number;
  if (offset === 4) return call.audit ?? auditArchitecture[architecture];
  return call.arguments?.[(offset - 16) / 8] ?? 0;
}

function describeVerdict(value: number): string {
  const verdicts: Readonly<Record<number, string>> = {
    0x7fff0000: "allow",
    0x80000000: "kill",
    0x00050001: "EPERM",
    0x00050026: "ENOSYS",
  };
  return verdicts[value] ?? value.toString(16);
}

const numbers = {
  x64: { read: 0, socket: 41, ioctl: 16, clone: 56, clone3: 435, socketpair: 53 },
  arm64: { read: 63, socket: 198, ioctl: 29, clone: 220, clone3: 435, socketpair: 199 },
} as const;

describe.each(["x64", "arm64"] as const)("the seccomp filter for %s", (architecture) => {
  const call = numbers[architecture];
  const socket = (...values: readonly number[]): string =>
    verdict(architecture, { number: call.socket, arguments: values });

  it("allows ordinary calls", () => {
    expect(verdict(architecture, { number: call.read })).toBe("allow");
    expect(verdict(architecture, { number: call.socketpair, arguments: [1] })).toBe("allow");
    expect(verdict(architecture, { number: call.clone, arguments: [0x11] })).toBe("allow");
  });

  it("ends processes that call with another architecture's numbers", () => {
    expect(verdict(architecture, { number: call.read, audit: 0x40000003 })).toBe("kill");
  });

  it.each(["ptrace", "process_vm_readv", "bpf", "io_uring_setup", "keyctl", "mount", "unshare", "setns"])(
    "refuses %s",
    (name) => {
      const number = deniedSyscall(name, architecture);
      expect(number).toBeTypeOf("number");
      expect(verdict(architecture, { number: number ?? -1 })).toBe("EPERM");
    },
  );

  it("refuses new namespaces, and sends libc from clone3 to clone", () => {
    for (const flag of [0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x02000000]) {
      expect(verdict(architecture, { number: call.clone, arguments: [flag | 0x11] })).toBe("EPERM");
    }
    expect(verdict(architecture, { number: call.clone3 })).toBe("ENOSYS");
  });

  it("opens internet sockets, and of the others only what names interfaces", () => {
    expect(socket(2, 1, 0)).toBe("allow");
    expect(socket(10, 1, 0)).toBe("allow");
    expect(socket(16, 3, 0)).toBe("allow");
    expect(socket(16, 3, 9)).toBe("EPERM");
    for (const family of [1, 17, 31, 38, 40]) expect(socket(family, 1, 0)).toBe("EPERM");
  });

  it("opens unix sockets when they are granted", () => {
    expect(verdict(architecture, { number: call.socket, arguments: [1, 1, 0] }, true)).toBe("allow");
    expect(verdict(architecture, { number: call.socket, arguments: [40, 1, 0] }, true)).toBe("EPERM");
  });

  it("refuses to type into a terminal", () => {
    expect(verdict(architecture, { number: call.ioctl, arguments: [0, 0x5412] })).toBe("EPERM");
    expect(verdict(architecture, { number: call.ioctl, arguments: [0, 0x5401] })).toBe("allow");
  });
});

describe("the seccomp filter and permission bits", () => {
  const x64 = (number: number, ...values: readonly number[]): string =>
    verdict("x64", { number, arguments: values });

  it("refuses the bits that lend a user's rights, wherever a mode is set", () => {
    expect(x64(90, 0, 0o4755)).toBe("EPERM");
    expect(x64(91, 3, 0o2755)).toBe("EPERM");
    expect(x64(268, 3, 0, 0o4755)).toBe("EPERM");
    expect(x64(133, 0, 0o104755)).toBe("EPERM");
    expect(x64(85, 0, 0o4755)).toBe("EPERM");
    expect(x64(2, 0, 0o101, 0o4755)).toBe("EPERM");
    expect(x64(257, 3, 0, 0o101, 0o4755)).toBe("EPERM");
    expect(verdict("arm64", { number: 56, arguments: [3, 0, 0o101, 0o4755] })).toBe("EPERM");
    expect(x64(437)).toBe("ENOSYS");
  });

  it("allows other modes, and whatever stands in place of one when nothing is made", () => {
    expect(x64(90, 0, 0o1777)).toBe("allow");
    expect(x64(257, 3, 0, 0o101, 0o644)).toBe("allow");
    expect(x64(257, 3, 0, 0, 0o4755)).toBe("allow");
    expect(x64(2, 0, 0, 0o6000)).toBe("allow");
  });
});

describe("the seccomp filter for x64", () => {
  it("ends processes that use the x32 numbers", () => {
    expect(verdict("x64", { number: 0x40000000 + 41 })).toBe("kill");
  });
});
