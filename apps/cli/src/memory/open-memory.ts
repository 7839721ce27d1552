import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Memory } from "@tau/memory";

import { localTenant } from "../local-context.ts";
import type { memoryScopes } from "./memory-scopes.ts";

/** Where a memory is looked for. */
export interface MemoryPlace {
  /** Where Tau keeps its data. */
  readonly home: string;
  /** The folder that is worked in. */
  readonly cwd: string;
  readonly scope: (typeof memoryScopes)[number];
}

/** The folder of a memory: below Tau's own data, which commands of agents do not see. */
async function memoryFolder({ home, cwd, scope }: MemoryPlace): Promise<string> {
  if (scope === "user") return join(home, "memory", "user");
  const root = await projectRoot(await realpath(cwd));
  const hash = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .slice(0, 40);
  return join(home, "memory", `${name}-${hash}`);
}

/** Opens the memory of a place. The package is loaded only here: most commands need none of it. */
export async function openMemory(place: MemoryPlace): Promise<Memory> {
  const { createFileStore, createMemory } = await import("@tau/memory");
  const folder = await memoryFolder(place);
  return createMemory({ store: createFileStore({ folder, tenant: localTenant }) });
}

/** The nearest folder with a `.git`, so that one project has one memory wherever in it one works. */
async function projectRoot(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await stat(join(at, ".git")).catch(() => undefined)) !== undefined) return at;
    if (dirname(at) === at) return folder;
  }
}
