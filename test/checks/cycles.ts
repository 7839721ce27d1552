import { importsOf } from "./imports.ts";
import type { Workspace } from "./workspace.ts";

type Graph = ReadonlyMap<string, readonly string[]>;

/** Finds files that import each other in a circle, also through types. */
export function findFileCycles(workspace: Workspace): readonly string[] {
  const files = workspace.packages.flatMap((one) => one.files);
  const known = new Set(files);
  const edges = files.map((file): [string, string[]] => [
    file,
    importsOf(workspace, file).flatMap(({ target }) =>
      target !== undefined && known.has(target) ? [target] : [],
    ),
  ]);
  return cyclesIn(new Map(edges));
}

/** Finds packages that depend on each other in a circle, tests included. */
export function findPackageCycles(workspace: Workspace): readonly string[] {
  const names = new Set(workspace.packages.map((one) => one.name));
  const edges = workspace.packages.map(({ name, manifest }): [string, string[]] => [
    name,
    Object.keys({
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...manifest.devDependencies,
    }).filter((used) => names.has(used)),
  ]);
  return cyclesIn(new Map(edges));
}

/** Walks depth first; an edge back to a node on the current path closes a cycle. */
function cyclesIn(graph: Graph): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];

  function visit(node: string): void {
    const start = path.indexOf(node);
    if (start >= 0) cycles.push([...path.slice(start), node].join(" → "));
    if (start >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  }

  for (const node of graph.keys()) visit(node);
  return cycles;
}
