import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import type { FileChange, GuardedFiles } from "@tau/tools";
import { diffOf } from "@tau/tools";

import type { LayerPlaces } from "./layer-changes.ts";

/** Files beyond these are listed, not compared: a diff is for people. */
const maxFiles = 100;
const maxFileBytes = 256 * 1024;
const maxChars = 200_000;

/** The changes as a unified diff for people; what is no text, or too much of it, is a line that says so. */
export async function layerDiff(
  changes: readonly FileChange[],
  { upper, workspace }: LayerPlaces,
  files: Pick<GuardedFiles, "readFile">,
): Promise<string> {
  const { signal } = new AbortController();
  const parts: string[] = [];
  let [compared, chars] = [0, 0];
  for (const change of changes) {
    const readable =
      change.type === "file" && change.size <= maxFileBytes && compared < maxFiles && chars < maxChars;
    // Also of what is new: whether a file may be read at all is the policy's to say.
    const before = async (): Promise<string | undefined> =>
      textOf(await files.readFile(join(workspace, change.path), signal).catch(emptyWhenMissing));
    const after = async (): Promise<string | undefined> =>
      change.kind === "deleted" ? "" : textOf(await readFile(join(upper, change.path)));
    const [then, now] = readable
      ? await Promise.all([before().catch(() => undefined), after().catch(() => undefined)])
      : [];
    if (change.type === "link" && change.kind !== "deleted") {
      parts.push(`${lineOf(change)} → ${JSON.stringify(await readlink(join(upper, change.path)))}`);
      continue;
    }
    const part = then === undefined || now === undefined ? lineOf(change) : await patchOf(change, then, now);
    if (readable) compared++;
    chars += part.length;
    parts.push(part);
  }
  return parts.join("\n");
}

async function patchOf(change: FileChange, before: string, after: string): Promise<string> {
  const { details } = await diffOf(change.path, before, after);
  const patch = typeof details["diff"] === "string" ? details["diff"] : "";
  return `${lineOf(change)}\n${patch.split("\n").slice(4).join("\n")}`.trimEnd();
}

/** One line: what, where, how large, and which mode if that changed. */
function lineOf({ path, kind, type, size, mode, modeBefore }: FileChange): string {
  const what = type === "file" ? "" : `${type} `;
  const modes =
    modeBefore === undefined || modeBefore === mode ? "" : `, mode ${octal(modeBefore)} → ${octal(mode)}`;
  const bytes = type === "file" ? ` (${size} bytes${modes})` : modes === "" ? "" : ` (${modes.slice(2)})`;
  return `${kind} ${what}${JSON.stringify(path).slice(1, -1)}${bytes}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

function emptyWhenMissing(error: unknown): Uint8Array {
  if (isTauError(error) && error.code === "environment.not_found") return new Uint8Array();
  throw error;
}

/** Undefined for what is no text. */
function textOf(data: Uint8Array): string | undefined {
  if (data.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return undefined;
  }
}
