import { constants } from "node:os";

import type { JailLimits } from "../jail-options.ts";

/** A limit of everything that a command started together. */
export type Exceeded = "memoryBytes" | "processes" | "cpuSeconds";

/** What a command did, for whoever reads its output. */
export function exceededText(limit: Exceeded, allowed: number): string {
  if (limit === "memoryBytes") return `used more than ${sizeText(allowed)} of memory`;
  if (limit === "processes") return `ran more than ${allowed} processes and threads at once`;
  return `used more than ${allowed} s of processor time`;
}

/** What the kernel ended a command for, by its exit code; undefined when that says nothing of a limit. */
export function endedText(exitCode: number, { fileBytes, cpuSeconds }: JailLimits): string | undefined {
  const signal = exitCode - 128;
  if (signal === constants.signals.SIGXFSZ && fileBytes !== undefined)
    return `wrote a file of more than ${sizeText(fileBytes)}`;
  if (signal === constants.signals.SIGXCPU && cpuSeconds !== undefined)
    return exceededText("cpuSeconds", cpuSeconds);
  return undefined;
}

/** Whole units are what people set: 512 MB means 512 × 1024 × 1024 bytes, as in `/proc` and in shells. */
function sizeText(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"] as const;
  const exponent = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** exponent).toFixed(1))} ${units[exponent]}`;
}
