import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { believedTime } from "./believed-time.ts";

const [hour, day] = [3_600_000, 86_400_000];
const today = Date.UTC(2026, 10, 27);
const [year1970, year2100] = [0, Date.UTC(2100, 0, 1)];

/** What is believed at each of some times, one after the other. */
async function believedAt(...times: readonly number[]): Promise<readonly boolean[]> {
  const home = await mkdtemp(join(tmpdir(), "tau-clock-"));
  const said: boolean[] = [];
  for (const time of times) {
    const believed = await believedTime(home, time);
    expect([undefined, time]).toContain(believed);
    said.push(believed !== undefined);
  }
  return said;
}

test("believedTime() believes a clock that goes on, once a day", async () => {
  const times = [0, 1, 23, 24, 25, 47, 48, 24 * 30].map((hours) => today + hours * hour);
  expect(await believedAt(...times)).toEqual([false, false, false, true, false, false, true, true]);
});

test.each([
  ["to another century", year2100],
  ["to the beginning of time", year1970],
  ["by a year", today + 400 * day],
  ["back by an hour", today - hour],
])(
  "believedTime() does not believe one that was set %s for a while, and goes on when it is right again",
  async (_, wrong) => {
    const settled = [today - 2 * day, today - day - hour, today];
    const there = [wrong, wrong + hour, wrong + 2 * hour];
    const back = [today + 3 * hour, today + day + hour];
    const said = await believedAt(...settled, ...there, ...back, today + 2 * day + 2 * hour);
    expect(said.slice(3, 6)).toEqual([false, false, false]);
    expect(said.at(-1)).toBe(true);
  },
);

test("believedTime() believes a machine that slept for a year, a day after it woke", async () => {
  const later = today + 365 * day;
  expect(await believedAt(today, today + day, later, later + hour, later + day)).toEqual([
    false,
    true,
    false,
    false,
    true,
  ]);
});

test("believedTime() believes the clock of who comes back every 50 days, every other time", async () => {
  expect(await believedAt(...[0, 50, 100, 150, 200, 250].map((days) => today + days * day))).toEqual([
    false,
    true,
    false,
    true,
    false,
    true,
  ]);
});

test("believedTime() does not take a year for confirmed by one of another century", async () => {
  expect(await believedAt(today, today + day, year2100, today + 60 * day, year2100 + day)).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
});

test("believedTime() begins anew where its file holds something else", async () => {
  const home = await mkdtemp(join(tmpdir(), "tau-clock-"));
  await writeFile(join(home, "clock.json"), "{");
  expect(await believedTime(home, today)).toBeUndefined();
  expect(await believedTime(home, today + day)).toBe(today + day);
});
