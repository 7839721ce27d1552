import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

import type { StoredEvent } from "@tau/runtime";
import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";

const id = { tenant: "acme", stream: "session/1" };
// Each costs a quarter of a second. A thorough run: TAU_KILLS=1000.
const kills = Number(process.env["TAU_KILLS"] ?? 20);
const program = fileURLToPath(new URL("./appender.test.support.ts", import.meta.url));

describe("processes", () => {
  test("killed at any moment lose nothing that was acknowledged, and leave no part of an append", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tau-kill-"));
    let acknowledged = 0;
    for (let round = 0; round < kills; round++) {
      // Killed after a number of acknowledgements that differs each round: a moment inside the next appends.
      acknowledged = await appendUntilKilled(directory, 1 + ((round * 37) % 50));
      await checkFile(directory, { acknowledged });
    }
    expect(acknowledged).toBeGreaterThanOrEqual(kills);
    await rm(directory, { recursive: true });
  }, 600_000);

  test("that write to one stream at the same time, and retry their conflicts, lose nothing", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tau-race-"));
    const writers = ["a", "b", "c"];
    await Promise.all(writers.map((writer) => appendToTheEnd(directory, writer, 60)));
    const events = await checkFile(directory, { acknowledged: 60 * writers.length });
    for (const writer of writers) {
      const made = events
        .filter((event) => event.type === writer)
        .map((event) => JSON.parse(event.body).made);
      expect(made).toEqual(made.map((_, index) => index));
      expect(made.length).toBeGreaterThanOrEqual(60);
    }
    await rm(directory, { recursive: true });
  });
});

/** Kills a writer after some acknowledgements and answers the last one. */
async function appendUntilKilled(directory: string, acknowledgements: number): Promise<number> {
  const child = spawnAppender([directory, "a", "0"]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.split("\n").length > acknowledgements) child.kill("SIGKILL");
  });
  const signal = await new Promise((resolve) => child.once("close", (_code, killedBy) => resolve(killedBy)));
  expect(signal).toBe("SIGKILL");
  return Number(output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1));
}

async function appendToTheEnd(directory: string, writer: string, events: number): Promise<void> {
  const child = spawnAppender([directory, writer, String(events)]);
  child.stdout.resume();
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
}

function spawnAppender(args: readonly string[]) {
  return spawn(process.execPath, ["--conditions=@tau/source", program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Opens the store again: no gap, nothing acknowledged is missing, every append is there whole. */
async function checkFile(
  directory: string,
  { acknowledged }: { readonly acknowledged: number },
): Promise<readonly StoredEvent[]> {
  const store = await createSqliteStore({ directory });
  const events: StoredEvent[] = [];
  for await (const batch of store.journal.read(id, 1, new AbortController().signal)) events.push(...batch);
  await store[Symbol.asyncDispose]();
  expect(events.length).toBeGreaterThanOrEqual(acknowledged);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  for (let start = 0; start < events.length; start += JSON.parse(events[start]?.body ?? "").of) {
    const { of } = JSON.parse(events[start]?.body ?? "");
    const whole = events.slice(start, start + of).map((event) => JSON.parse(event.body).of);
    expect(whole).toEqual(Array.from({ length: of }, () => of));
  }
  const db = new DatabaseSync(join(directory, "acme", "journal.db"));
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
  return events;
}
