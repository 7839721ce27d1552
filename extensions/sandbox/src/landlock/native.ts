import { createRequire } from "node:module";

/** The few functions of libc that confining a process takes. Each throws when the kernel refuses. */
export interface Native {
  /** `syscall(number, pointer, size, flags)`, or with a descriptor first. */
  syscall(number: number, pointer: Buffer | null, size: number, flags: number, descriptor?: number): number;
  addRule(number: number, ruleset: number, attributes: Buffer): void;
  prctl(option: number, value: number): void;
  filter(option: number, mode: number, program: Buffer): void;
  defaultSignal(signal: number): void;
  /** Marks every descriptor from `first` on, so that the program to come does not get it. */
  closeLater(first: number): void;
}

/** What is used of koffi's native half, which needs no install script. */
interface Koffi {
  load(library: string): { func(declaration: string): (...values: readonly unknown[]) => unknown };
  address(value: Buffer): bigint;
  errno(): number;
}

const [closeRange, closeOnExec] = [436, 4];

/** Loads the binding for this machine. Throws when it is not installed: it is an optional dependency. */
export function loadNative(): Native {
  const loaded: unknown = createRequire(import.meta.url)(`@koromix/koffi-linux-${process.arch}`);
  if (!isKoffi(loaded)) throw new TypeError("The binding to libc is another than expected.");
  const koffi = loaded;
  const libc = loadLibc(koffi);
  const [syscall, prctl, signal] = [
    libc.func("long syscall(long number, ...)"),
    libc.func("int prctl(int option, ...)"),
    libc.func("void *signal(int signal, void *handler)"),
  ];
  const checked = (name: string, answer: unknown): number => {
    if (typeof answer === "number" && answer >= 0) return answer;
    throw new Error(`${name} failed with error ${koffi.errno()}.`);
  };
  return {
    syscall: (number, pointer, size, flags, descriptor) =>
      descriptor === undefined
        ? checked(
            "landlock_create_ruleset",
            syscall(number, "void *", pointer, "size_t", size, "uint32_t", flags),
          )
        : checked("landlock_restrict_self", syscall(number, "int", descriptor, "uint32_t", flags)),
    addRule(number, ruleset, attributes) {
      const values = ["int", ruleset, "int", 1, "void *", attributes, "uint32_t", 0];
      checked("landlock_add_rule", syscall(number, ...values));
    },
    prctl: (option, value) => {
      checked("prctl", prctl(option, "unsigned long", value, "long", 0, "long", 0, "long", 0));
    },
    filter(option, mode, program) {
      const header = Buffer.alloc(16);
      header.writeUInt16LE(program.length / 8, 0);
      header.writeBigUInt64LE(koffi.address(program), 8);
      checked("seccomp", prctl(option, "unsigned long", mode, "void *", header, "long", 0, "long", 0));
    },
    closeLater(first) {
      const values = ["unsigned int", first, "unsigned int", 0xffffffff, "unsigned int", closeOnExec];
      checked("close_range", syscall(closeRange, ...values));
    },
    defaultSignal: (number) => {
      signal(number, null);
    },
  };
}

function loadLibc(koffi: Koffi): ReturnType<Koffi["load"]> {
  try {
    return koffi.load("libc.so.6");
  } catch {
    return koffi.load(`libc.musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`);
  }
}

function isKoffi(value: unknown): value is Koffi {
  return (
    typeof value === "object" && value !== null && "load" in value && "address" in value && "errno" in value
  );
}
