/**
 * Confines itself by Landlock and seccomp, and becomes the command: `launcher.ts SPEC PROGRAM ARGUMENT…`.
 *
 * A process of its own, because neither can be taken back. Everything that fails here ends it with a line on standard
 * error, before anything was run.
 */
import { constants, fstatSync, openSync } from "node:fs";

import { loadNative } from "./native.ts";
import type { Native } from "./native.ts";
import type { LandlockSpec } from "./landlock-spec.ts";

// Numbers of include/uapi/linux/landlock.h, prctl.h and seccomp.h; system calls are the same on x64 and arm64.
const [createRuleset, addRule, restrictSelf] = [444, 445, 446];
const [setParentDeathSignal, setNoNewPrivileges, setSeccomp, seccompFilterMode] = [1, 38, 22, 2];
const [dropFromBounds, capabilities] = [24, 64];
const [kill, brokenPipe] = [9, 13];
const pathOnly = 0o10000000; // O_PATH
const fileRights = 0b1_0000_0000_0000_0111n | (1n << 14n); // execute, write, read, device control, truncate
const readRights = 0b1101n; // execute, read a file, read a folder
const listRights = 0b1000n;
const makesDevices = (1n << 6n) | (1n << 11n); // character and block devices

/** All rights over files that this kernel's Landlock knows. */
function rightsOf(abi: number): bigint {
  const bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return (1n << BigInt(bits)) - 1n;
}

function main(): void {
  const [text = "", program = "", ...args] = process.argv.slice(2);
  const spec: LandlockSpec = JSON.parse(text);
  const native = loadNative();
  native.prctl(setParentDeathSignal, kill);
  dropCapabilities(native);
  native.prctl(setNoNewPrivileges, 1);
  native.defaultSignal(brokenPipe); // Node ignores it, and what it becomes would go on doing so
  confine(native, spec);
  native.filter(setSeccomp, seccompFilterMode, Buffer.from(spec.filter, "base64"));
  native.closeLater(3);
  if (process.execve === undefined) throw new Error("This Node cannot become another program.");
  process.execve(program, [program, ...args], process.env);
}

/** Root becomes a program with what is left here: nothing. Others have nothing to drop, and may not. */
function dropCapabilities(native: Native): void {
  if (process.getuid?.() !== 0) return;
  for (let capability = 0; capability < capabilities; capability++) {
    try {
      native.prctl(dropFromBounds, capability);
    } catch {
      return; // the kernel has no more
    }
  }
}

function confine(native: Native, spec: LandlockSpec): void {
  const abi = native.syscall(createRuleset, null, 0, 1);
  if (abi < 1) throw new Error("This kernel has no Landlock.");
  const all = rightsOf(abi);
  const attributes = Buffer.alloc(24);
  attributes.writeBigUInt64LE(all, 0);
  attributes.writeBigUInt64LE(spec.network ? 0n : 3n, 8); // bind and connect over TCP
  attributes.writeBigUInt64LE(3n, 16); // abstract unix sockets and signals
  const size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const ruleset = native.syscall(createRuleset, attributes, size, 0);
  for (const path of spec.listed) allow(native, ruleset, { path, rights: listRights });
  for (const path of spec.readable) allow(native, ruleset, { path, rights: readRights });
  for (const path of spec.writable) allow(native, ruleset, { path, rights: all & ~makesDevices });
  for (const stream of [0, 1, 2]) allowStream(native, ruleset, stream);
  native.syscall(restrictSelf, null, 0, 0, ruleset);
}

function allow(
  native: Native,
  ruleset: number,
  { path, rights }: { readonly path: string; readonly rights: bigint },
): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, pathOnly | constants.O_NOFOLLOW);
  } catch {
    return; // what is not there, or out of reach, needs no right
  }
  const allowed = fstatSync(descriptor).isDirectory() ? rights : rights & fileRights;
  native.addRule(addRule, ruleset, beneath(descriptor, allowed));
}

/** A command may open its own streams by name: `echo x > /dev/stderr`. What has no name anywhere needs no rule. */
function allowStream(native: Native, ruleset: number, descriptor: number): void {
  try {
    native.addRule(addRule, ruleset, beneath(descriptor, 0b110n));
  } catch {
    // A pipe or socket of the kernel's own: open to whoever holds it.
  }
}

function beneath(descriptor: number, rights: bigint): Buffer {
  const attributes = Buffer.alloc(12);
  attributes.writeBigUInt64LE(rights, 0);
  attributes.writeInt32LE(descriptor, 8);
  return attributes;
}

try {
  main();
} catch (error) {
  process.stderr.write(`tau-landlock: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 126;
}
