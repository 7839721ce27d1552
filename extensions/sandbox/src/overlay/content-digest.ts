import { createHash } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, readlink } from "node:fs/promises";

const chunkBytes = 256 * 1024;

/** SHA-256 of a file's content, hexadecimal; does not follow a link. */
export async function contentDigest(path: string): Promise<string> {
  await using file = await openPlain(path);
  const hash = createHash("sha256");
  for await (const chunk of chunks(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** SHA-256 of where a link leads, hexadecimal. */
export async function linkDigest(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readlink(path, { encoding: "buffer" }))
    .digest("hex");
}

/** Whether two files of the same size have the same content. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  return (await contentDigest(one)) === (await contentDigest(other));
}

/** Opens a file that a command made: neither a link nor a pipe leads anywhere. */
function openPlain(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

async function* chunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(chunkBytes);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
