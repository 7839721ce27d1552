import { cpus, loadavg, totalmem, type as systemName, release } from "node:os";

/** Where a measurement was made; without it no number means anything. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** Processes that wanted a core over the last minute. More than `cores`: the numbers are noisy. */
  readonly load: number;
}

/** Describes this machine as it is now. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    node: process.version,
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release()}`,
    load: Number(loadavg()[0]?.toFixed(1)),
  };
}
