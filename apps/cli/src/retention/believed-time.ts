import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";
import { readTextFile } from "@tau/core/files";

const dayMs = 86_400_000;
/** A clock may have gone on by itself for so long while nobody looked. */
const maxAbsenceMs = 45 * dayMs;

/** What was known of the clock when somebody looked last; milliseconds since the epoch. */
interface Known {
  readonly looked: number;
  /** Since when it says a time so much later that it may be wrong. */
  readonly doubtedSince?: number;
}

/**
 * Tells, once a day, what time it is for the purpose of removing what is old; undefined when it is not due, or the clock
 * cannot be believed yet: what it says first, and after a jump of more than 45 days, counts only when it still says so a day
 * later. A clock that was set to another century for an hour removes nothing.
 */
export async function believedTime(home: string, now: number): Promise<number | undefined> {
  const known = await readKnown(home);
  if (known === undefined) {
    await keep(home, { looked: now, doubtedSince: now });
    return undefined;
  }
  const { looked, doubtedSince } = known;
  const jumped = now < looked || now - looked > maxAbsenceMs;
  if (doubtedSince === undefined && jumped) {
    await keep(home, { looked, doubtedSince: now });
    return undefined;
  }
  if (doubtedSince === undefined) {
    if (now - looked < dayMs) return undefined;
  } else {
    const waited = now - doubtedSince;
    if (waited >= 0 && waited < dayMs) return undefined;
    if (waited < 0 || waited > maxAbsenceMs) {
      // It jumped once more: what it says now is doubted anew, unless that goes on from what was believed.
      const goesOn = now >= looked && now - looked <= maxAbsenceMs;
      await keep(home, goesOn ? { looked } : { looked, doubtedSince: now });
      return undefined;
    }
  }
  await keep(home, { looked: now });
  return now;
}

function fileIn(home: string): string {
  return join(home, "clock.json");
}

async function readKnown(home: string): Promise<Known | undefined> {
  const text = await readTextFile(fileIn(home)).catch(() => "");
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { looked, doubtedSince } = parsed.value;
  if (typeof looked !== "number") return undefined;
  return typeof doubtedSince === "number" ? { looked, doubtedSince } : { looked };
}

async function keep(home: string, known: Known): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const draft = `${fileIn(home)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(known), { mode: 0o600 });
  await rename(draft, fileIn(home));
}
