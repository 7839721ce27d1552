import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { PathPolicy } from "@tau/tools";
import { isBelow, isWithin } from "@tau/tools";

import type { LandlockSpec } from "./landlock-spec.ts";

/** What a command may touch, as lists of paths. */
export type LandlockRules = Pick<LandlockSpec, "readable" | "listed" | "writable">;

/** Options of {@link landlockRules}. */
export interface LandlockRulesOptions {
  readonly policy: PathPolicy;
  /** Whether the workspace is written in this run. */
  readonly writable: boolean;
  /** The command's own temporary folder. */
  readonly scratch: string;
  /** Files of the workspace that hold secrets: hidden where nothing is written, because there no file appears. */
  readonly secretFiles: readonly string[];
  /** Shown in spite of a hidden folder above them. */
  readonly shown: readonly string[];
}

const devices = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"].map(
  (name) => `/dev/${name}`,
);

/**
 * Makes the rules of a profile. Landlock can only allow, with everything below: around each hidden path, its neighbours
 * are allowed one by one.
 */
export function landlockRules({
  policy,
  writable,
  scratch,
  secretFiles,
  shown,
}: LandlockRulesOptions): LandlockRules {
  const { access, workspace } = policy.profile;
  const full = access === "full" && writable;
  const outside = allowedTrees("/", [
    ...policy.secretPaths,
    ...policy.hiddenPaths,
    "/dev",
    "/run",
    "/proc",
    "/sys",
    ...(full ? [] : [workspace]),
  ]);
  const inside = writable ? [] : allowedTrees(workspace, secretFiles);
  return {
    // Programs look for themselves in /proc; variables and memory of others stay closed to a confined process.
    readable: [...outside, ...inside, ...shown, "/proc", "/sys"],
    listed: ["/"],
    writable: [...(writable ? [workspace] : []), ...(full ? outside : []), scratch, ...devices],
  };
}

/** The largest trees below `folder` that hold none of `hidden`. */
function allowedTrees(folder: string, hidden: readonly string[]): readonly string[] {
  if (hidden.some((path) => isWithin(folder, path))) return [];
  if (!hidden.some((path) => isBelow(path, folder))) return [folder];
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? allowedTrees(path, hidden) : hidden.includes(path) ? [] : [path];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // closed to this user, and so to the command
  }
}
