import { readFileSync } from "node:fs";

/** Self time of one function, or of one module. */
export interface Cost {
  readonly name: string;
  readonly ms: number;
}

/** Where one thread spent its time. */
export interface ThreadCosts {
  readonly totalMs: number;
  readonly functions: readonly Cost[];
  readonly modules: readonly Cost[];
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Reads a profile of V8 and adds up self times. Idle time is left out. */
export function summarize(file: string): ThreadCosts {
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(readFileSync(file, "utf8"));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const modules = new Map<string, number>();
  let totalMs = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === "(idle)") return;
    const ms = (timeDeltas[index] ?? 0) / 1_000;
    totalMs += ms;
    add(functions, functionOf(frame), ms);
    add(modules, moduleOf(frame), ms);
  });
  return { totalMs, functions: sorted(functions), modules: sorted(modules) };
}

function add(sums: Map<string, number>, name: string, ms: number): void {
  sums.set(name, (sums.get(name) ?? 0) + ms);
}

function sorted(sums: ReadonlyMap<string, number>): readonly Cost[] {
  return [...sums].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);
}

function functionOf({ functionName, url, lineNumber }: Frame): string {
  const place = url === "" ? "native" : `${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
  return `${functionName === "" ? "(anonymous)" : functionName} ${place}`;
}

/** The package, or for what has no file the kind of work. */
function moduleOf({ functionName, url }: Frame): string {
  const own = /\/((?:kernel|extensions|apps|sdk)\/[^/]+|proto|bench)\//u.exec(url)?.[1];
  if (own !== undefined) return own;
  const library = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//u.exec(url)?.[1];
  if (library !== undefined) return library;
  if (url.startsWith("node:")) return url.split("/").slice(0, 2).join("/");
  return functionName === "(garbage collector)" ? "garbage collector" : "native and runtime";
}
