import { isTauError, TauError } from "@tau/core";

import { sha256 } from "../sha256.ts";
import type { ToolContext } from "../tool.ts";
import { fileKind } from "./file-kind.ts";
import { lineFingerprints, parseTextFile } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { displayPath, workspacePath } from "./workspace-path.ts";

/** Larger files are not read whole into memory. */
const maxFileBytes = 20_000_000;

/** Where a tool acts. */
export interface Place {
  /** As the model should write it. */
  readonly shown: string;
  /** With every symlink resolved. */
  readonly real: string;
}

/** A file with its content. */
export interface OpenFile extends Place {
  readonly data: Uint8Array;
  /** SHA-256 of the content. */
  readonly sha256: string;
}

/** Finds out where a path of the model's leads. */
export async function placeOf(path: string, context: ToolContext): Promise<Place> {
  const { workspace } = context.environment.info.profile;
  const absolute = workspacePath(workspace, path);
  const real = await context.environment.realPath(absolute, context.signal);
  return { shown: displayPath(workspace, absolute), real };
}

/**
 * Reads a file.
 *
 * @throws TauError `environment.not_found`, `file.is_directory`, `file.too_large`, and what the environment throws
 */
export async function openFile(place: Place, context: ToolContext): Promise<OpenFile> {
  const { environment, signal } = context;
  const stat = await statOf(place, context);
  if (stat.kind === "directory") {
    throw new TauError(
      "file.is_directory",
      `${place.shown} is a directory. List it with glob, for example {"path": ${JSON.stringify(place.shown)}, "pattern": "*"}.`,
    );
  }
  if (stat.size > maxFileBytes) {
    throw new TauError(
      "file.too_large",
      `${place.shown} has ${stat.size} bytes; at most ${maxFileBytes} are read at once. Search it with grep, or take a part with head, tail or sed in bash.`,
    );
  }
  const data = await environment.readFile(place.real, signal);
  return { ...place, data, sha256: sha256(data) };
}

/** Reads a file that may not exist: then undefined. */
export async function openFileIfAny(place: Place, context: ToolContext): Promise<OpenFile | undefined> {
  try {
    return await openFile(place, context);
  } catch (error) {
    if (isTauError(error) && error.code === "environment.not_found") return undefined;
    throw error;
  }
}

/** Takes a file apart as UTF-8 text, for tools that write it back. */
export function asText(file: OpenFile): TextFile {
  const kind = fileKind(file.data);
  const text = kind.kind === "text" ? parseTextFile(file.data) : undefined;
  if (text !== undefined) return text;
  const what =
    kind.kind === "text"
      ? "not UTF-8 text"
      : kind.kind === "image"
        ? `a picture (${kind.mediaType})`
        : kind.name;
  throw new TauError(
    "file.not_text",
    `${file.shown} is ${what}: changing it as text would damage it. Use a program that knows the format, in bash.`,
  );
}

/** Notes that the model knows this content. */
export function recordSeen(
  context: ToolContext,
  file: Pick<OpenFile, "real" | "sha256">,
  text: string,
): void {
  context.files.record(file.real, file.sha256, lineFingerprints(text));
}

/** The part of a hash that is enough to tell versions of a file apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

async function statOf(place: Place, context: ToolContext): ReturnType<ToolContext["environment"]["stat"]> {
  try {
    return await context.environment.stat(place.real, context.signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "environment.not_found") throw error;
    throw new TauError(
      "environment.not_found",
      `${place.shown} does not exist. Look for it with glob, for example {"pattern": "**/${place.shown.split("/").at(-1) ?? "*"}"}.`,
      { cause: error },
    );
  }
}
