import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Bytes that a package of ours has when it is installed: what npm would pack of it now. */
export async function packedBytes(folder: string): Promise<number> {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder });
  const packed: unknown = JSON.parse(stdout);
  // npm 11 answers a list, npm 12 an object of them by name.
  const entries: readonly unknown[] =
    typeof packed === "object" && packed !== null ? Object.values(packed) : [];
  const [first] = entries;
  if (typeof first === "object" && first !== null && "unpackedSize" in first)
    return Number(first.unpackedSize);
  throw new Error(`npm pack says nothing of the size of ${folder}.`);
}
