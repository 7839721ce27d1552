import { readFileSync } from "node:fs";

import type { JailLimits } from "../jail-options.ts";
import { defaultProcesses } from "./watch-limits.ts";

interface Limit {
  readonly option: string;
  /** As `/proc/self/limits` calls it. */
  readonly name: string;
  readonly value: (limits: JailLimits) => number | undefined;
  /** How much later the kernel kills what did not end at its limit by itself. */
  readonly grace?: number;
}

const known: readonly Limit[] = [
  { option: "--nproc", name: "Max processes", value: (limits) => limits.processes ?? defaultProcesses },
  { option: "--fsize", name: "Max file size", value: (limits) => limits.fileBytes },
  { option: "--cpu", name: "Max cpu time", value: (limits) => limits.cpuSeconds, grace: 1 },
  { option: "--as", name: "Max address space", value: (limits) => limits.addressSpaceBytes },
  { option: "--core", name: "Max core file size", value: () => 0 },
];

/** The command that runs another one under `limits`: `prlimit` of util-linux and its options. */
export function limitArguments(prlimitPath: string, limits: JailLimits): readonly string[] {
  const hard = hardLimits();
  const options = known.flatMap(({ option, name, value, grace = 0 }) => {
    const wanted = value(limits);
    if (wanted === undefined) return [];
    // Raising a hard limit needs a capability that the jail lacks.
    const most = hard.get(name) ?? Infinity;
    return [`${option}=${Math.min(wanted, most)}:${Math.min(wanted + grace, most)}`];
  });
  return [prlimitPath, ...options, "--"];
}

function hardLimits(): ReadonlyMap<string, number> {
  const rows = readFileSync("/proc/self/limits", "utf8").split("\n").slice(1);
  return new Map(
    rows.flatMap((row) => {
      const [name, , hard] = row.trim().split(/\s{2,}/);
      return name === undefined || hard === undefined || hard === "unlimited" ? [] : [[name, Number(hard)]];
    }),
  );
}
