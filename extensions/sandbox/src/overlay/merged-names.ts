import { execFile } from "node:child_process";

import type { LayerMounter } from "./layer-mount.ts";

/** Lists folders as a command under the layer sees them. Names are relative to the workspace. */
export type MergedNames = (folders: readonly string[]) => Promise<ReadonlyMap<string, ReadonlySet<string>>>;

const listing =
  'cd "$0" && exec xargs -0 -r -- /bin/sh -c \'exec find "$@" -mindepth 1 -maxdepth 1 -print0\' sh';
const maxBytes = 256 * 2 ** 20;

/**
 * Makes a {@link MergedNames}: mounts the layer once more and asks `find`. Only the kernel knows that a folder of the
 * layer hides the one below: it says so in an extended attribute, which Node cannot read.
 */
export function createMergedNames(mounter: LayerMounter, stage: string, workspace: string): MergedNames {
  const [program, ...args] = [...mounter.prefix(stage, workspace), "/bin/sh", "-c", listing, workspace];
  return async (folders) => {
    if (folders.length === 0) return new Map();
    const names = new Map<string, Set<string>>(folders.map((folder) => [folder, new Set()]));
    for (const path of await run(program, args, folders.map((folder) => `./${folder}\0`).join(""))) {
      const slash = path.lastIndexOf("/");
      names.get(path.slice(2, slash))?.add(path.slice(slash + 1));
    }
    return names;
  };
}

function run(program: string, args: readonly string[], input: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      maxBuffer: maxBytes,
      encoding: "utf8",
    } as const;
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve(stdout.split("\0").filter((path) => path !== ""));
      else reject(error);
    });
    child.stdin?.on("error", () => undefined); // its exit says more
    child.stdin?.end(input);
  });
}
