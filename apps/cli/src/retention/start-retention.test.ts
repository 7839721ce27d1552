import { createHash } from "node:crypto";
import { mkdtemp, readdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { createMemoryCallEvents } from "@tau/pipeline";
import type { CallEventStore } from "@tau/pipeline";
import { expect, test, vi } from "vitest";

import { createPlace, startScripted } from "../cli.test.support.ts";
import type { Place } from "../cli.test.support.ts";
import { exitCodes } from "../exit-codes.ts";
import { startRetention } from "./start-retention.ts";

const dayMs = 86_400_000;
const plan = "# Make a file\n\n1. Make made.txt.\n";
const carryOut = ["run", "--carry-out", "plans/a.md", "--approved"];
const approved = createHash("sha256").update(plan).digest("hex");

function openStore(place: Place): DatabaseSync {
  return new DatabaseSync(join(place.env["TAU_HOME"] ?? "", "store", "local", "journal.db"));
}

/** Makes all that is kept of runs older than it is. */
async function age(place: Place, days: number): Promise<void> {
  const folder = join(place.env["TAU_HOME"] ?? "", "bound-runs");
  const then = new Date(Date.now() - days * dayMs);
  for (const name of await readdir(folder)) await utimes(join(folder, name), then, then);
  const db = openStore(place);
  db.prepare("UPDATE call_events SET at = at - ?").run(days * dayMs);
  db.close();
}

async function kept(place: Place): Promise<Readonly<Record<string, number>>> {
  const home = place.env["TAU_HOME"] ?? "";
  const db = openStore(place);
  const old = db
    .prepare("SELECT count(*) AS count FROM call_events WHERE at < ?")
    .get(Date.now() - 90 * dayMs);
  const fresh = db
    .prepare("SELECT count(*) > 0 AS count FROM call_events WHERE at > ?")
    .get(Date.now() - dayMs);
  db.close();
  return {
    bound: (await readdir(join(home, "bound-runs"))).length,
    used: (await readdir(join(home, "carried-out"))).length,
    oldCalls: Number(old?.["count"]),
    newCalls: Number(fresh?.["count"]),
  };
}

async function lookedAt(place: Place, time: number): Promise<void> {
  await writeFile(join(place.env["TAU_HOME"] ?? "", "clock.json"), JSON.stringify({ looked: time }));
}

test("a run removes calls that were kept for 90 days, but never what binds runs and lets an approval count once", async () => {
  await using place = await createPlace();
  await place.write("plans/a.md", plan);
  await using model = await startScripted({ turns: [{ text: "Made." }, { text: "Hi." }, { text: "Hi." }] });
  const own = ["--environment", "host", ...model.options];
  expect((await place.tau([...carryOut, approved, ...own])).code).toBe(exitCodes.ok);

  await age(place, 89);
  await lookedAt(place, Date.now() - 2 * dayMs);
  await place.tau(["run", "hi", ...own]);
  expect(await kept(place)).toEqual({ bound: 1, used: 1, oldCalls: 0, newCalls: 1 });

  await age(place, 91);
  await lookedAt(place, Date.now() - 2 * dayMs);
  await place.tau(["run", "hi", ...own]);
  expect(await kept(place)).toEqual({ bound: 1, used: 1, oldCalls: 0, newCalls: 1 });
  expect((await place.tau([...carryOut, approved, ...own])).stderr).toContain("plan.used");
});

test("a process that lives on removes what grows old, says what fails, and ends with its runtime", async () => {
  const home = await mkdtemp(join(tmpdir(), "tau-retention-"));
  const calls = createMemoryCallEvents();
  let days = 0;
  const asked: number[] = [];
  const seen: string[] = [];
  const began = Date.UTC(2026, 10, 27);
  const store: CallEventStore = {
    ...calls,
    async purgeBefore(tenant, times) {
      asked.push(times.eventsBefore ?? 0);
      if (asked.length === 2) throw new Error("locked");
      return await calls.purgeBefore(tenant, times);
    },
  };
  {
    await using _ = startRetention({
      home,
      calls: store,
      everyMs: 1,
      now: () => began + dayMs * days++,
      observer: ({ name }) => void seen.push(name),
    });
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(3));
  }
  const ended = days;
  await new Promise((resolve) => setImmediate(resolve));
  expect([days, seen]).toEqual([ended, ["retention.failed"]]);
  // The first opening's time is believed when the next day confirms it.
  expect(asked.slice(0, 3)).toEqual([1, 2, 3].map((day) => began + (day - 90) * dayMs));
});

test("a clock that jumped removes nothing, and neither does a run that may go on lose its plan", async () => {
  await using place = await createPlace();
  await place.write("plans/a.md", plan);
  await place.write("ask.toml", "[permissions]\nask = ['bash(*)']\n");
  await using model = await startScripted({
    turns: [
      { toolCalls: [{ name: "bash", arguments: { command: "true" } }] },
      { text: "Hi." },
      { text: "Hi." },
    ],
  });
  const own = ["--environment", "host", ...model.options];
  const waiting = await place.tau([
    ...carryOut,
    approved,
    "--config",
    "ask.toml",
    "--approve",
    "ask",
    ...own,
  ]);
  expect(waiting.code).toBe(exitCodes.waiting);
  await age(place, 91);

  await lookedAt(place, Date.now() - 60 * dayMs);
  await place.tau(["run", "hi", ...own]);
  expect(await kept(place)).toEqual({ bound: 1, used: 1, oldCalls: 1, newCalls: 1 });

  await lookedAt(place, Date.now() - 2 * dayMs);
  await place.tau(["run", "hi", ...own]);
  expect(await kept(place)).toEqual({ bound: 1, used: 1, oldCalls: 0, newCalls: 1 });
});
