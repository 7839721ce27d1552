import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";
import { readTextFile } from "@tau/core/files";

const dayMs = 86_400_000;
/** A clock may have gone on by itself for so long while nobody looked. */
const maxAbsenceMs = 45 * dayMs;
/** Who looks again after so long looks for the first time. */
const maxApartMs = 400 * dayMs;

/** What was known of the clock when somebody looked last; milliseconds since the epoch. */
interface Known {
  /** What was believed last. */
  readonly looked?: number;
  /** What it said first of what is not believed yet. */
  readonly doubtedSince?: number;
}

/**
 * Tells, once a day, what time it is for the purpose of removing what is old; undefined when it is not due, or the clock
 * cannot be believed yet.
 *
 * A time is believed when it goes on from the one believed last, by at most 45 days, or from one that the clock said a day
 * to 400 days before it, with nothing in between that contradicts it. So a clock that is set to another century for less than
 * a day removes nothing, and who comes back every few months removes what is old every other time.
 */
export async function believedTime(home: string, now: number): Promise<number | undefined> {
  const known = await readKnown(home);
  const { looked, doubtedSince } = known;
  if (looked !== undefined && isBetween(now - looked, 0, maxAbsenceMs)) {
    if (now - looked < dayMs) {
      // It is right again.
      if (doubtedSince !== undefined) await keep(home, { looked });
      return undefined;
    }
  } else {
    const waited = doubtedSince === undefined ? Number.NaN : now - doubtedSince;
    if (isBetween(waited, 0, dayMs - 1)) return undefined;
    if (!isBetween(waited, dayMs, maxApartMs)) {
      await keep(home, { ...known, doubtedSince: now });
      return undefined;
    }
  }
  await keep(home, { looked: now });
  return now;
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function fileIn(home: string): string {
  return join(home, "clock.json");
}

async function readKnown(home: string): Promise<Known> {
  const text = await readTextFile(fileIn(home)).catch(() => "");
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return {};
  const { looked, doubtedSince } = parsed.value;
  return {
    ...(typeof looked === "number" ? { looked } : {}),
    ...(typeof doubtedSince === "number" ? { doubtedSince } : {}),
  };
}

async function keep(home: string, known: Known): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const draft = `${fileIn(home)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(known), { mode: 0o600 });
  await rename(draft, fileIn(home));
}
