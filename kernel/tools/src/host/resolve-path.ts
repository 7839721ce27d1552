import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve } from "node:path";

import { failed, systemCode } from "./environment-error.ts";

const maxLinks = 40;
/** What the system takes. A longer path would be looked up once for each of its names. */
const maxPathBytes = 4_096;

/**
 * The path with every symlink resolved. What does not exist yet is appended to the real path of its nearest
 * existing parent; a symlink to nowhere resolves to where it points, so that nobody writes through it.
 */
export async function resolvePath(path: string): Promise<string> {
  if (!isAbsolute(path))
    throw failed(`Resolving ${path}`, "the path is not absolute. Give an absolute path.");
  if (path.includes("\0")) throw failed("Resolving the path", "it contains a NUL character.");
  if (Buffer.byteLength(path) > maxPathBytes)
    throw failed("Resolving the path", `it has more than ${maxPathBytes} bytes.`);
  return await resolveNormal(normalize(path), maxLinks);
}

async function resolveNormal(path: string, linksLeft: number): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  const parent = await resolveNormal(dirname(path), linksLeft);
  const name = path.slice(dirname(path).length).replace(/^\//, "");
  const target = await linkTarget(join(parent, name));
  if (target === undefined) return join(parent, name);
  if (linksLeft === 0) throw failed(`Resolving ${path}`, "too many symbolic links.");
  return await resolveNormal(resolve(parent, target), linksLeft - 1);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
