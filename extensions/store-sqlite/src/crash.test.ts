import { once } from "node:events";
import { createInterface } from "node:readline";

import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { openFile, readAll, startScript, testFolder } from "./test-store.test.support.ts";

const threadChild = new URL("./crash-thread-child.test.support.ts", import.meta.url);
const child = new URL("./crash-child.test.support.ts", import.meta.url);

/** Runs a script until it printed `lines` lines, kills it, and answers all that it printed. */
async function killAfter(lines: number, script: URL, ...args: readonly string[]): Promise<readonly string[]> {
  const started = startScript(script, ...args);
  const gone = once(started, "exit");
  const printed: string[] = [];
  for await (const line of createInterface(started.stdout)) {
    printed.push(line);
    if (printed.length === lines) started.kill("SIGKILL");
  }
  expect(await gone).toEqual([null, "SIGKILL"]);
  return printed;
}

const upTo = (most: number): number => 1 + Math.floor(Math.random() * most);

/** That each append is there whole: its parts `1/n` to `n/n` one after the other. */
function expectWhole(bodies: readonly string[], place: number): void {
  let left = 0;
  for (const body of bodies) {
    const [part, of] = (body.split(" ")[place] ?? "").split("/").map(Number);
    expect(part).toBe(left === 0 ? 1 : (of ?? 0) - left + 1);
    left = (of ?? 0) - (part ?? 0);
  }
  expect(left).toBe(0);
}

function expectSound(directory: string): void {
  using file = openFile(directory, "acme");
  expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
}

describe("a process that is killed while it appends", () => {
  test.concurrent.each([1, 2, 3, 4])("loses nothing that was acknowledged, 23 kills, round %i", async () => {
    await using folder = await testFolder();
    const acked = new Map<string, number>();
    for (let kill = 0; kill < 23; kill++) {
      const lines = await killAfter(upTo(60), threadChild, folder.path);
      for (const [, stream = "", version] of lines.map((line) => line.split(" "))) {
        acked.set(stream, Number(version));
      }
    }
    await using store = await createSqliteStore({ directory: folder.path });
    expect(acked.size).toBe(5);
    const [one, other] = await Promise.all(
      ["pair/1", "pair/2"].map((stream) => store.journal.version({ tenant: "acme", stream })),
    );
    expect(one).toBe(other);
    for (const [stream, version] of acked) {
      const events = await readAll(store, { tenant: "acme", stream });
      expect(events.length).toBeGreaterThanOrEqual(version);
      expect(events.map(({ body }) => body.split(" ")[0])).toEqual(events.map(({ seq }) => String(seq)));
      const bodies = events.map(({ body }) => body);
      expectWhole(bodies, 1);
    }
    expectSound(folder.path);
  });

  test("two that write the same streams lose nothing, four pairs of kills", async () => {
    await using folder = await testFolder();
    const acks: string[] = [];
    for (let pair = 0; pair < 4; pair++) {
      const kills = ["a", "b"].map((label) => killAfter(20 + upTo(60), child, folder.path, label));
      for (const lines of await Promise.all(kills)) acks.push(...lines);
    }
    await using store = await createSqliteStore({ directory: folder.path });
    for (const stream of ["session/0", "session/1"]) {
      const events = await readAll(store, { tenant: "acme", stream });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expectWhole(
        events.map(({ body }) => body),
        2,
      );
      for (const [, at = "", seq, name, made] of acks.map((line) => line.split(" "))) {
        if (at === stream) expect(events[Number(seq) - 1]?.body).toMatch(`${name} ${made} `);
      }
      // Nothing twice either, although conflicts were tried again.
      expect(new Set(events.map(({ body }) => body)).size).toBe(events.length);
    }
    expectSound(folder.path);
  });
});
