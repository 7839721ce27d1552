import type { JsonObject } from "@tau/core";

import { toLf } from "./text-file.ts";

/** What a change did to a file. */
export interface FileDiff {
  readonly added: number;
  readonly removed: number;
  /** For screens. */
  readonly details: JsonObject;
}

/** A diff is for people; beyond this a file's change is only counted. */
const maxDiffMs = 500;

/** Compares two versions of a file; line ends do not count. The library is loaded at the first change. */
export async function diffOf(path: string, before: string, after: string): Promise<FileDiff> {
  const { createTwoFilesPatch } = await import("diff");
  const patch = createTwoFilesPatch(path, path, toLf(before), toLf(after), undefined, undefined, {
    context: 3,
    timeout: maxDiffMs,
  });
  if (patch === undefined) return { added: 0, removed: 0, details: { diff: "(too large to show)" } };
  const lines = patch.split("\n").slice(4);
  const added = lines.filter((line) => line.startsWith("+")).length;
  const removed = lines.filter((line) => line.startsWith("-")).length;
  return { added, removed, details: { diff: patch, added, removed } };
}
