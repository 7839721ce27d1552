import { createHash } from "node:crypto";
import { join } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import { sessionStem } from "../child-session.ts";
import { keepFirst, textIn } from "./keep-first.ts";

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
  /** A hash of what the caller sent to be judged: what was judged is another thing each time. */
  readonly asked?: string;
}

/** Which run: ids of runs are those of a session. */
export interface BoundRun {
  readonly tenant: string;
  /** Or its stem; see `sessionStem`. */
  readonly sessionId: string;
  readonly runId: string;
}

/** Keeps what runs are bound to below Tau's own data, which no command of an agent sees. */
export interface RunBindings {
  /** Binds a run that is about to begin; one that is bound stays as it is. Answers what holds, and is durable when it resolves. */
  bind(run: BoundRun, binding: RunBinding): Promise<RunBinding>;
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
      const kept = parse(await keepFirst(folder, key, JSON.stringify(binding)), join(folder, key));
      remember(key, kept);
      return kept;
    },
    async of(run) {
      const key = keyOf(run);
      if (known.has(key)) return known.get(key);
      const path = join(folder, key);
      const text = await textIn(path);
      const binding = text === undefined ? undefined : parse(text, path);
      remember(key, binding);
      return binding;
    },
  };
}

function keyOf({ tenant, sessionId, runId }: BoundRun): string {
  return createHash("sha256")
    .update([tenant, sessionStem(sessionId), runId].join("\0"))
    .digest("hex");
}

function parse(text: string, path: string): RunBinding {
  const parsed = parseJson(text);
  if (!parsed.ok || !isBinding(parsed.value)) throw new TypeError(`${path} is not what was written there.`);
  return parsed.value;
}

/** Trusts the fields: only {@link createRunBindings} makes such files, in a folder of one's own. */
function isBinding(value: unknown): value is RunBinding {
  if (!isJsonObject(value)) return false;
  const { plan } = value;
  return plan === undefined || (isJsonObject(plan) && typeof plan["file"] === "string");
}
