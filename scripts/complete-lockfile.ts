/**
 * Adds the packages for other platforms that npm left out of package-lock.json.
 *
 * npm drops an optional dependency that its registry does not hold, and then `npm ci` refuses the lockfile
 * as incomplete, on every machine. Run this after `npm install`; test/lockfile.test.ts says when it is due.
 * Versions come from the packages that want them; what a platform is, from the names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { findMissingOptionals, type LockEntry } from "../test/checks/lockfile.ts";

const systems: Readonly<Record<string, string>> = {
  aix: "aix",
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  netbsd: "netbsd",
  openbsd: "openbsd",
  openharmony: "openharmony",
  sunos: "sunos",
  win32: "win32",
  windows: "win32",
};

const processors: Readonly<Record<string, string>> = {
  aarch64: "arm64",
  arm: "arm",
  arm64: "arm64",
  armv7: "arm",
  ia32: "ia32",
  loong64: "loong64",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  wasm32: "wasm32",
  x64: "x64",
};

interface Platform {
  readonly cpu: readonly string[];
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
}

/** Reads `linux`, `arm64` and `musl` out of `@oxc-parser/binding-linux-arm64-musl`. */
function platformOf(name: string): Platform {
  const words = name.split(/[/.-]/);
  const os = words.flatMap((word) => systems[word] ?? []);
  const cpu = words.flatMap((word) => processors[word] ?? []);
  const last = words.at(-1) ?? "";
  const libc = last.startsWith("musl") ? ["musl"] : last.startsWith("gnu") ? ["glibc"] : [];
  if (cpu.length === 0) throw new Error(`${name} does not say for which platform it is: add it by hand.`);
  return { cpu, ...(os.length === 0 ? {} : { os }), ...(libc.length === 0 ? {} : { libc }) };
}

const file = join(import.meta.dirname, "../package-lock.json");
const lock: { packages: Record<string, LockEntry & { optional?: boolean }> } = JSON.parse(
  readFileSync(file, "utf8"),
);
for (const { path, name, version, wantedBy } of findMissingOptionals(lock.packages)) {
  const { dev, peer } = lock.packages[wantedBy] ?? {};
  const platform = platformOf(name);
  lock.packages[path] = {
    version,
    ...(dev === undefined ? {} : { dev }),
    ...(peer === undefined ? {} : { peer }),
    optional: true,
    ...platform,
  };
  console.log(`added ${path} ${version}`);
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
