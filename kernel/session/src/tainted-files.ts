import { joinLabels } from "@tau/core";
import type { Label, TaintedFiles } from "@tau/core";

/** Which files untrusted text may have been written to, by path; `*` is all of the workspace. */
export type Taints = Readonly<Record<string, Label>>;

const all = "*";
const maxPaths = 500;

/** Adds files. With too many of them, all of the workspace counts as written to. */
export function withTaint(taints: Taints, { paths, label }: TaintedFiles): Taints {
  const next: Record<string, Label> = { ...taints };
  for (const path of paths) {
    const before = next[path];
    next[path] = before === undefined ? label : joinLabels(before, label);
  }
  if (Object.keys(next).length <= maxPaths) return next;
  return { [all]: joinLabels(...Object.values(next)) };
}

/** How far to trust what is read at a path: a file, or a folder with all that is below it. Absent: nothing is known. */
export function taintAt(taints: Taints, path: string): Label | undefined {
  return joined(
    Object.entries(taints).filter(
      ([file]) =>
        file === all ||
        file === path ||
        file.startsWith(path === "/" ? path : `${path}/`) ||
        path.startsWith(`${file}/`),
    ),
  );
}

/** How far to trust what may have read any file. Absent: nothing is known. */
export function taintAnywhere(taints: Taints): Label | undefined {
  return joined(Object.entries(taints));
}

function joined(entries: readonly (readonly [string, Label])[]): Label | undefined {
  return entries.length === 0 ? undefined : joinLabels(...entries.map(([, label]) => label));
}
