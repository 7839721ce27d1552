import { createHash } from "node:crypto";

import type { Access } from "../access.ts";
import { loadUnbash } from "./load-unbash.ts";

/**
 * SHA-256 over what a call would really do: its files and hosts, and of each command the syntax tree, the folder and the
 * content of the files that it executes. The same command in other spacing is the same; a changed script is another.
 */
export function contentDigest(access: readonly Access[]): string {
  return createHash("sha256")
    .update(JSON.stringify(access.map(contentOf)))
    .digest("hex");
}

function contentOf(access: Access): unknown {
  if (access.kind !== "command") return access;
  const { source, cwd, files = [] } = access;
  return ["command", treeOf(source), cwd, files.map(({ path, content }) => [path, content])];
}

/** The tree without places; the text itself where there is none. */
function treeOf(source: string): string {
  try {
    const tree = loadUnbash().parse(source);
    if ((tree.errors?.length ?? 0) > 0) return source;
    return JSON.stringify(tree, (key, value: unknown) =>
      key === "pos" || key === "end" ? undefined : value,
    );
  } catch {
    return source;
  }
}
