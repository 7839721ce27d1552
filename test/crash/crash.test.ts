import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startScriptedServer } from "@tau/agent/scripted";
import type { ScriptedServer } from "@tau/agent/scripted";
import type { SessionEvent } from "@tau/core";
import { decodeEvent } from "@tau/session";
import { createSqliteStore } from "@tau/store-sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const call = (...names: readonly string[]) => ({ toolCalls: names.map((name) => ({ name, arguments: {} })) });
const transcript = {
  turns: [
    call("look", "put", "charge"),
    call("charge", "look"),
    { text: "First done." },
    call("refund"),
    call("put", "look", "look"),
    { text: "Second done." },
  ],
};
/** What the world must show, whatever was killed when. */
const world = [
  "charge acme/crash/turn-1.1.2",
  "charge acme/crash/turn-1.2.0",
  "refund acme/crash/turn-2.1.0",
];

let model: ScriptedServer;
beforeAll(async () => {
  model = await startScriptedServer(transcript);
});
afterAll(() => model.close());

describe("a killed process", () => {
  test("at any append, before or after it is durable, loses nothing and repeats nothing", async () => {
    const lanes = Array.from({ length: 2 }, (_, lane) => killAtEveryAppend(lane === 0 ? "before" : "after"));

    const kills = await Promise.all(lanes);

    // The scenario has 19 appends: a few of one step go together.
    expect(Math.min(...kills)).toBeGreaterThan(15);
  }, 600_000);

  test("at random moments, 200 times, loses nothing and repeats nothing", async () => {
    const lanes = Array.from({ length: 2 }, (_, lane) => killAtRandom(100, lane + 1));

    const kills = await Promise.all(lanes);

    expect(kills[0] ?? 0).toBeGreaterThanOrEqual(100);
    expect(kills[1] ?? 0).toBeGreaterThanOrEqual(100);
  }, 900_000);
});

/** Runs the scenario once for each append, killed there; answers how many kills there were. */
async function killAtEveryAppend(mode: "before" | "after"): Promise<number> {
  for (let at = 1; ; at++) {
    await using scenario = await openScenario();
    const killed = await scenario.run(`${mode}:${at}`);
    if (killed) await scenario.finish();
    await scenario.check();
    if (!killed) return at - 1;
  }
}

/** Runs scenarios, killing each process at a random moment, until there were `kills` of them. */
async function killAtRandom(kills: number, seed: number): Promise<number> {
  let random = seed * 7919;
  let done = 0;
  while (done < kills) {
    await using scenario = await openScenario();
    // A few kills in a row in one scenario, then let it finish: recovery itself is interrupted as well.
    for (let again = 0; again < 6; again++) {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      if (!(await scenario.run("none", 150 + (random % 350)))) break;
      done += 1;
    }
    await scenario.finish();
    await scenario.check();
  }
  return done;
}

interface Scenario extends AsyncDisposable {
  /** Runs a process to its end; answers whether it was killed before the scenario was done. */
  run(kill: string, afterMs?: number): Promise<boolean>;
  finish(): Promise<void>;
  /** Holds what was acknowledged, and the world, against the journal. */
  check(): Promise<void>;
}

async function openScenario(): Promise<Scenario> {
  const directory = await mkdtemp(join(tmpdir(), "tau-crash-"));
  const ledger = join(directory, "ledger");
  const acknowledged = new Map<number, string>();

  const run = async (kill: string, afterMs?: number): Promise<boolean> => {
    const script = new URL("crash-child.ts", import.meta.url).pathname;
    const args = ["--conditions=@tau/source", script, join(directory, "store"), model.url, ledger, kill];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const timer = afterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), afterMs);
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    // A scenario takes less than a second; one that hangs should say where.
    const stuck = setTimeout(() => child.kill("SIGABRT"), 60_000);
    const [code, signal] = await once(child, "close");
    clearTimeout(timer);
    clearTimeout(stuck);
    for (const [, seq, hash] of output.matchAll(/^ack (\d+) ([0-9a-f]{64})$/gmu)) {
      const before = acknowledged.get(Number(seq));
      if (before !== undefined) expect(hash).toBe(before);
      acknowledged.set(Number(seq), hash ?? "");
    }
    if (signal !== "SIGKILL") expect([code, signal, errors, output]).toEqual([0, null, "", output]);
    return signal === "SIGKILL";
  };

  return {
    run,
    async finish() {
      expect(await run("none")).toBe(false);
    },
    async check() {
      const events = await readSession(join(directory, "store"));
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      for (const [seq, hash] of acknowledged) expect(hashOf(events[seq - 1]?.event)).toBe(hash);
      const ends = events.flatMap(({ event }) =>
        event.type === "run_finished" ? [`${event.runId} ${event.status}`] : [],
      );
      expect(ends).toEqual(["turn-1 completed", "turn-2 completed"]);
      const happened = (await readFile(ledger, "utf8")).trim().split("\n");
      expect(happened.filter((line) => !line.startsWith("put")).toSorted()).toEqual(world);
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

async function readSession(
  directory: string,
): Promise<readonly { readonly seq: number; readonly event: SessionEvent }[]> {
  await using store = await createSqliteStore({ directory });
  const events: { seq: number; event: SessionEvent }[] = [];
  const id = { tenant: "acme", stream: "session/crash" };
  for await (const batch of store.journal.read(id, 1, new AbortController().signal)) {
    for (const stored of batch) events.push({ seq: stored.seq, event: decodeEvent(stored) });
  }
  return events;
}

function hashOf(event: unknown): string {
  return createHash("sha256").update(JSON.stringify(event)).digest("hex");
}
