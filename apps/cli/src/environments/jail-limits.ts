import type { JailLimits } from "@tau/sandbox";

import type { Settings } from "../settings.ts";

const megabyte = 2 ** 20;

/** What `[environment.jail]` of a tau.toml means; its keys were checked when it was read. */
export function jailLimits({ environments }: Pick<Settings, "environments">): JailLimits {
  const section = environments["jail"] ?? {};
  const limit = (key: string, name: keyof JailLimits, unit = 1): JailLimits => {
    const value = section[key];
    return typeof value === "number" ? { [name]: value * unit } : {};
  };
  return {
    ...limit("memory_mb", "memoryBytes", megabyte),
    ...limit("processes", "processes"),
    ...limit("cpu_seconds", "cpuSeconds"),
    ...limit("file_mb", "fileBytes", megabyte),
    ...limit("tmp_mb", "tmpBytes", megabyte),
  };
}
