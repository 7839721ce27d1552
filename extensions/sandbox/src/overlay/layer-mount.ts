import { readFileSync } from "node:fs";

import { findProgram } from "../find-program.ts";

/** How this process can put a layer over a folder. */
export interface LayerMounter {
  /** The start of a command line that runs the rest of it where `workspace` is covered by the layer of `stage`. */
  prefix(stage: string, workspace: string): readonly string[];
  /** Who the command must be mapped back to, when the mount needs a user namespace of its own. */
  readonly identity: { readonly uid: number; readonly gid: number } | undefined;
}

const sysAdmin = 21n;

/**
 * Mounts, then becomes the command. The options name files of the current folder, because no escape is safe for a
 * comma or a colon in a path: `lower` is a symlink to the workspace.
 */
const script = 'cd "$1" && "$2" -i -n -t overlay tau -o "$3" "$4" && cd / && shift 4 && exec "$@"';
const layers = "lowerdir=lower,upperdir=upper,workdir=work";
/** A rename of a folder must copy it: redirections and bare metadata would make the layer unreadable from outside. */
const plainLayers = `${layers},redirect_dir=off,metacopy=off,index=off`;

/**
 * Finds out how to mount: in a mount namespace where that is allowed, else in a user namespace that maps this user
 * alone. There, files of other users and groups cannot be written or renamed. Undefined without the programs.
 */
export function layerMounter(): LayerMounter | undefined {
  const path = process.env["PATH"];
  const [unshare, mount, uid, gid] = [
    findProgram("unshare", path),
    findProgram("mount", path),
    process.getuid?.(),
    process.getgid?.(),
  ];
  if (unshare === undefined || mount === undefined || uid === undefined || gid === undefined)
    return undefined;
  const privileged = mayMount();
  const start = privileged ? [unshare, "--mount"] : [unshare, "--user", "--map-root-user", "--mount"];
  const options = privileged ? plainLayers : `${layers},userxattr`;
  return {
    identity: privileged ? undefined : { uid, gid },
    prefix: (stage, workspace) => [
      ...start,
      "--",
      "/bin/sh",
      "-c",
      script,
      "sh",
      stage,
      mount,
      options,
      workspace,
    ],
  };
}

function mayMount(): boolean {
  const held = /^CapEff:\s*([0-9a-f]+)$/mu.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return process.getuid?.() === 0 && ((BigInt(`0x${held}`) >> sysAdmin) & 1n) === 1n;
}
