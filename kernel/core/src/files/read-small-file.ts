import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { TauError } from "../tau-error.ts";

/** The most that a file which steers Tau has, in bytes, unless its reader says otherwise. */
export const smallFileBytes = 262_144;

/**
 * Reads a small file that somebody else may have put there, such as one that came with a folder.
 *
 * Waits for nobody and believes no size: what is no regular file, such as a named pipe or a device, is refused without being
 * read, and of a file no more is read than `maxBytes`. A descriptor that this process was given by whoever started it, such as
 * `/dev/stdin` or `/dev/fd/3`, is read to its end, whatever it is.
 *
 * @throws TauError `file.unfit`, and the errors of the system as they are
 */
export async function readSmallFile(path: string, maxBytes: number = smallFileBytes): Promise<Buffer> {
  const isGiven = /^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/u.test(path);
  // O_NONBLOCK: opening a named pipe would wait for somebody who writes, and not even a signal would end that.
  const flags = isGiven ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK;
  await using file = await open(path, flags);
  const stats = await file.stat();
  if (stats.isDirectory()) throw unfit("it is a folder");
  if (!isGiven && !stats.isFile()) throw unfit("it is no regular file");
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  // What grows, and what says that it is empty, such as a file of /proc, is read by what it has.
  for (let left = maxBytes; ;) {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(left + 1, 65_536)) });
    if (bytesRead === 0) return Buffer.concat(chunks);
    if (bytesRead > left) throw tooLarge(maxBytes);
    left -= bytesRead;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** The text of a small file in UTF-8; see {@link readSmallFile}. */
export async function readTextFile(path: string, maxBytes?: number): Promise<string> {
  return (await readSmallFile(path, maxBytes)).toString("utf8");
}

function tooLarge(maxBytes: number): TauError {
  return unfit(`it has more than ${maxBytes} bytes`);
}

function unfit(reason: string): TauError {
  return new TauError("file.unfit", `The file is not read: ${reason}.`);
}
