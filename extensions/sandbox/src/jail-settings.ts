import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { EnvironmentProfile, NetworkGate, PathPolicy } from "@tau/tools";
import {
  commandVariables,
  defaultProtectedPaths,
  defaultSecretPaths,
  isBelow,
  isSecretFileName,
  isWithin,
  realWorkspace,
} from "@tau/tools";

import { findProgram } from "./find-program.ts";
import type { JailLimits, JailOptions } from "./jail-options.ts";
import { limitArguments } from "./limits/limit-arguments.ts";
import { seccompFilter } from "./seccomp-filter.ts";
import type { Architecture } from "./syscall-numbers.ts";
import { installRemedy, unavailable } from "./unavailable.ts";

/** Everything about a jail that does not change between its commands. */
export interface JailSettings {
  readonly profile: EnvironmentProfile;
  readonly bwrapPath: string;
  readonly architecture: Architecture;
  readonly filter: Uint8Array;
  readonly policy: PathPolicy;
  /** Of bubblewrap itself: allowlisted, because `/proc/1/environ` shows them to the command. */
  readonly bwrapVariables: Readonly<Record<string, string>>;
  /** Set inside of the jail only. */
  readonly innerVariables: Readonly<Record<string, string>>;
  readonly home: string | undefined;
  /** Of `showPaths`, those that would be hidden. */
  readonly shown: readonly string[];
  /** The real path of /etc/resolv.conf when the private /run would hide it. */
  readonly resolver: string | undefined;
  /** Present when the profile names hosts and there is a way to them. */
  readonly gate: NetworkGate | undefined;
  readonly limits: JailLimits;
  readonly unixSockets: boolean;
  /** The start of every command line; empty where `prlimit` is missing. */
  readonly prefix: readonly string[];
}

/** What bubblewrap gives a command instead of the real home: below the private /tmp, gone with the command. */
const privateHome = "/tmp/home";

/** Checks the machine and settles the options; `source` are the variables of this process. Throws `sandbox.unavailable`, and `environment.not_found`. */
export function jailSettings(
  options: JailOptions,
  source: Readonly<Record<string, string | undefined>> = process.env,
): JailSettings {
  const architecture = supportedArchitecture();
  const profile = { ...options.profile, workspace: realWorkspace(options.profile.workspace) };
  const limits = options.limits ?? {};
  const unixSockets = options.unixSockets ?? false;
  const prlimitPath = findProgram("prlimit", process.env["PATH"]);
  const full = profile.access === "full";
  return {
    profile,
    architecture,
    limits,
    gate: gateFor(profile, options.gate),
    bwrapPath: trustedBwrap(options.bwrapPath ?? "bwrap", profile.workspace),
    unixSockets,
    filter: seccompFilter({ architecture, unixSockets }),
    policy: jailPolicy(options, profile),
    bwrapVariables: commandVariables(source),
    innerVariables: { ...(full ? {} : { HOME: privateHome, TMPDIR: "/tmp" }), ...options.env },
    resolver: [realPathOf("/etc/resolv.conf")].find((path) => isWithin(path, "/run")),
    home: full ? undefined : privateHome,
    shown: (options.showPaths ?? [])
      .map(realPathOf)
      .filter((path) => isBelow(path, "/tmp") || isBelow(path, "/run")),
    prefix: prlimitPath === undefined ? [] : limitArguments(prlimitPath, limits),
  };
}

/** A gate counts for the profile that it was made for. */
function gateFor({ network }: EnvironmentProfile, gate: NetworkGate | undefined): NetworkGate | undefined {
  if (typeof network === "boolean" || gate === undefined) return undefined;
  if (JSON.stringify(network.hosts) === JSON.stringify(gate.hosts)) return gate;
  throw new TypeError("The gate is for other hosts than the profile.");
}

/** The architecture of this process. Throws `sandbox.unavailable` where there is no sandbox for it. */
export function supportedArchitecture(): Architecture {
  if (process.platform !== "linux") {
    throw unavailable("it needs Linux.", "Use a Linux machine, a container, or the host environment.");
  }
  if (process.arch !== "x64" && process.arch !== "arm64") {
    throw unavailable(
      `there is no seccomp filter for ${process.arch}.`,
      "Use x64 or arm64, or the host environment.",
    );
  }
  return process.arch;
}

/** A bubblewrap that commands can rewrite is none. */
function trustedBwrap(name: string, workspace: string): string {
  const path = findProgram(name, process.env["PATH"]);
  if (path === undefined) throw unavailable("bubblewrap is not installed.", installRemedy);
  if (isWithin(realpathSync(path), workspace) || isWithin(path, workspace)) {
    throw unavailable("bubblewrap lies in the workspace, where commands can rewrite it.", installRemedy);
  }
  return path;
}

/** What a jail with these options lets its file operations, and the commits of its transactions, touch. */
export function jailPolicy(options: JailOptions, profile: EnvironmentProfile): PathPolicy {
  const full = profile.access === "full";
  return {
    profile,
    secretPaths: withRealPaths([
      ...defaultSecretPaths(homedir()),
      ...(options.maskPaths ?? []),
      ...(options.transactions === undefined ? [] : [options.transactions]),
    ]),
    hiddenPaths: full ? ["/proc", "/dev", "/run"] : ["/proc", "/dev", "/run", "/tmp"],
    protectedPaths: full
      ? []
      : [...defaultProtectedPaths, ...(options.protectPaths ?? [])].map((path) =>
          join(profile.workspace, path),
        ),
    isSecretName: isSecretFileName,
  };
}

/** A credential that is a symlink is a secret at both ends. */
function withRealPaths(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => [path, realPathOf(path)]))];
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // Not there yet: protected under the name that it will have.
  }
}
