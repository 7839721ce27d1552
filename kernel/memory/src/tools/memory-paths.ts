import { isTauError } from "@tau/core";

import { filesPrefix } from "../memory.ts";
import { memoryPathNames } from "../store/memory-path.ts";

/** What the memory is called in the protocol. */
export const memoriesRoot = "/memories";

/** A message for the model, in the words of the protocol. */
export class MemoryToolError extends Error {}

/** A place in the memory as the protocol names it. */
export interface MemoryPlace {
  /** As the model wrote it, without slashes at its end. */
  readonly name: string;
  /** The file's path in the store; the root's is the prefix of all. */
  readonly path: string;
  readonly isRoot: boolean;
}

/** Finds the place that a model means. @throws MemoryToolError */
export function placeOf(name: string): MemoryPlace {
  let end = name.length;
  while (end > 1 && name[end - 1] === "/") end -= 1;
  const plain = name.slice(0, end);
  if (plain === memoriesRoot) return { name: plain, path: filesPrefix.slice(0, -1), isRoot: true };
  if (!plain.startsWith(`${memoriesRoot}/`))
    throw new MemoryToolError(`Error: Path must start with ${memoriesRoot}, got: ${name}`);
  const path = `${filesPrefix}${plain.slice(memoriesRoot.length + 1)}`;
  try {
    memoryPathNames(path);
    return { name: plain, path, isRoot: false };
  } catch (error) {
    if (!isTauError(error)) throw error;
    if (/(?:^|\/)\.\.?(?:\/|$)/u.test(plain))
      throw new MemoryToolError(`Error: Path ${name} would escape ${memoriesRoot} directory`);
    throw new MemoryToolError(`Error: ${error.message.replaceAll(filesPrefix, `${memoriesRoot}/`)}`);
  }
}

/** What the protocol calls a path of the store. */
export function nameOf(path: string): string {
  return `${memoriesRoot}/${path.slice(filesPrefix.length)}`;
}
