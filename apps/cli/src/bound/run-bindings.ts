import { createHash } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject, parseJson, uuidv7 } from "@tau/core";
import type { Json } from "@tau/core";

/** A plan as a person approved it: an approval is for these very bytes. */
export interface BoundPlan {
  /** Absolute. */
  readonly file: string;
  /** Relative to the folder that is worked in. */
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
  /** When it was approved, in milliseconds since the epoch. */
  readonly at: number;
}

/** What a run is bound to, from before it begins to its end, in whichever process. */
export interface RunBinding {
  readonly plan?: BoundPlan;
  /** What must be known, as `parseRequirements` of `@tau/memory` reads it. */
  readonly requirements?: Json;
}

/** Which run. */
export interface BoundRun {
  readonly tenant: string;
  readonly runId: string;
}

/** Keeps what runs are bound to below Tau's own data, which no command of an agent sees. */
export interface RunBindings {
  /** Binds a run that is about to begin; one that is bound stays as it is. Durable when it resolves. */
  bind(run: BoundRun, binding: RunBinding): Promise<void>;
  /** Undefined for a run that is free. Throws where the record cannot be read: nobody may take the run for free then. */
  of(run: BoundRun): Promise<RunBinding | undefined>;
}

/** Answers that are remembered; each is small. */
const most = 10_000;

/** Makes {@link RunBindings} on the folder `home`. */
export function createRunBindings(home: string): RunBindings {
  const folder = join(home, "bound-runs");
  const known = new Map<string, RunBinding | undefined>();
  const remember = (key: string, binding: RunBinding | undefined): void => {
    const [oldest] = known.size >= most ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, binding);
  };

  return {
    async bind(run, binding) {
      const key = keyOf(run);
      await write(folder, key, JSON.stringify(binding));
      remember(key, await read(join(folder, key)));
    },
    async of(run) {
      const key = keyOf(run);
      if (known.has(key)) return known.get(key);
      const binding = await read(join(folder, key));
      remember(key, binding);
      return binding;
    },
  };
}

function keyOf({ tenant, runId }: BoundRun): string {
  return createHash("sha256").update(`${tenant}\0${runId}`).digest("hex");
}

/** Whole or not at all, and never over what is there. */
async function write(folder: string, key: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${key}.${uuidv7()}`);
  try {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await link(draft, join(folder, key));
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function read(path: string): Promise<RunBinding | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = parseJson(text);
  if (!parsed.ok || !isBinding(parsed.value)) throw new TypeError(`${path} is not what was written there.`);
  return parsed.value;
}

/** Trusts the fields: only {@link write} makes such files, in a folder of one's own. */
function isBinding(value: unknown): value is RunBinding {
  if (!isJsonObject(value)) return false;
  const { plan } = value;
  return plan === undefined || (isJsonObject(plan) && typeof plan["file"] === "string");
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
