/**
 * The SQLite store beside bare `node:sqlite` with the same settings, in one process and one run.
 *
 * Every lane is an agent run of ten tool calls: 22 appends of one event of about 500 bytes, each awaited before
 * the next. CPU is of the whole process, the writer's thread included. Rungs take turns, so that a busy machine
 * slows all of them; the median of the rounds counts.
 *
 *   node --conditions=@tau/source bench/store.ts [rounds]
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { createSqliteStore } from "@tau/store-sqlite";

const appendsPerRun = 22;
const body = JSON.stringify({ role: "assistant", text: "x".repeat(466) });
const event = { type: "model_finished", version: 1, at: 1_800_000_000_000, body };

interface Cost {
  readonly cpuUs: number;
  readonly wallUs: number;
}

const noCost: Cost = { cpuUs: 0, wallUs: 0 };

/** Something that can be measured: opening and closing do not count. */
interface Rung extends AsyncDisposable {
  append(lanes: number, runs: number): Promise<void>;
}

const rungs: Readonly<Record<string, (directory: string) => Promise<Rung>>> = {
  "bare, a transaction each": async (directory) => openBareLoop(directory, false),
  "bare, a batch each": async (directory) => openBareLoop(directory, true),
  "bare, awaited, grouped": async (directory) => openBareLanes(directory),
  "store-sqlite": openStore,
};

interface BareTable {
  readonly db: DatabaseSync;
  insert(stream: number, seq: number): void;
}

function openBareTable(directory: string): BareTable {
  const db = new DatabaseSync(join(directory, "bare.db"));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE events (stream INTEGER, seq INTEGER, type TEXT, version INTEGER, at INTEGER, body TEXT);
    CREATE UNIQUE INDEX by_stream ON events (stream, seq)`);
  const statement = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  return {
    db,
    insert(stream, seq) {
      statement.run(stream, seq, event.type, event.version, event.at, event.body);
    },
  };
}

/** The floor: a synchronous loop on the main thread, with one append, or one of every lane, in a transaction. */
function openBareLoop(directory: string, grouped: boolean): Rung {
  const { db, insert } = openBareTable(directory);
  let streams = 0;
  const transaction = (count: number, seq: number): void => {
    db.exec("BEGIN IMMEDIATE");
    for (let stream = streams; stream < streams + count; stream++) insert(stream, seq);
    db.exec("COMMIT");
  };
  return {
    async append(lanes, runs) {
      const batch = grouped ? lanes : 1;
      for (let done = 0; done < runs; done += batch) {
        const count = Math.min(batch, runs - done);
        for (let seq = 1; seq <= appendsPerRun; seq++) transaction(count, seq);
        streams += count;
      }
    },
    async [Symbol.asyncDispose]() {
      db.close();
    },
  };
}

/** The floor of an agent loop: lanes await their appends, the main thread commits those of a tick, blocking. */
function openBareLanes(directory: string): Rung {
  const { db, insert } = openBareTable(directory);
  let queue: { readonly stream: number; readonly seq: number; readonly resolve: () => void }[] = [];
  const commit = (): void => {
    const batch = queue;
    queue = [];
    db.exec("BEGIN IMMEDIATE");
    for (const { stream, seq } of batch) insert(stream, seq);
    db.exec("COMMIT");
    for (const { resolve } of batch) resolve();
  };
  const append = (stream: number, seq: number): Promise<void> =>
    new Promise((resolve) => {
      if (queue.length === 0) setImmediate(commit);
      queue.push({ stream, seq, resolve });
    });
  let streams = 0;
  return {
    async append(lanes, runs) {
      const last = streams + runs;
      const lane = async (): Promise<void> => {
        while (streams < last) {
          const stream = streams++;
          for (let seq = 1; seq <= appendsPerRun; seq++) await append(stream, seq);
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    },
    async [Symbol.asyncDispose]() {
      db.close();
    },
  };
}

async function openStore(directory: string): Promise<Rung> {
  const store = await createSqliteStore({ directory });
  let streams = 0;
  return {
    async append(lanes, runs) {
      const last = streams + runs;
      const lane = async (): Promise<void> => {
        while (streams < last) {
          const id = { tenant: "bench", stream: `session/${String(streams++).padStart(8, "0")}` };
          for (let version = 0; version < appendsPerRun; version++) {
            await store.journal.append(id, version, [event]);
          }
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function measure(
  open: (directory: string) => Promise<Rung>,
  lanes: number,
  runs: number,
): Promise<Cost> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-store-"));
  try {
    await using rung = await open(directory);
    await rung.append(lanes, Math.ceil(runs / 5));
    const cpu = process.cpuUsage();
    const started = performance.now();
    await rung.append(lanes, runs);
    const wallMs = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const appends = runs * appendsPerRun;
    return { cpuUs: (user + system) / appends, wallUs: (wallMs * 1_000) / appends };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(lanes: number, runs: number, rounds: number): Promise<void> {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, open] of Object.entries(rungs)) {
      costs.set(name, [...(costs.get(name) ?? []), await measure(open, lanes, runs)]);
    }
  }
  console.log(`\n${lanes} concurrent, ${runs} runs of ${appendsPerRun} appends of ${body.length} bytes`);
  const bare = [...costs.values()].slice(0, -1).map(median);
  for (const [name, all] of costs) {
    const { cpuUs, wallUs } = median(all);
    const ratios = bare.map((floor) => `${(cpuUs / floor.cpuUs).toFixed(2)}×`.padStart(8)).join("");
    console.log(
      `  ${name.padEnd(26)}${cpuUs.toFixed(1).padStart(7)} µs CPU ${wallUs.toFixed(1).padStart(7)} µs wall an append; CPU beside the bare ones ${ratios}`,
    );
  }
}

function median(costs: readonly Cost[]): Cost {
  const middle = [...costs].sort((a, b) => a.cpuUs - b.cpuUs)[Math.floor(costs.length / 2)];
  return middle ?? noCost;
}

/** One stream of ten thousand turns of two events: what a turn costs early and late, and what it leaves on disk. */
async function longStream(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-store-"));
  const id = { tenant: "bench", stream: "session/long" };
  const store = await createSqliteStore({ directory });
  await store.journal.append({ ...id, stream: "session/other" }, 0, [event]);
  console.log("\none stream, one append of two events a turn, one after the other");
  let turn = 0;
  for (const until of [500, 1_000, 5_000, 10_000]) {
    const from = turn;
    const cpu = process.cpuUsage();
    for (; turn < until; turn++) await store.journal.append(id, turn * 2, [event, event]);
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `  turns ${from} to ${until}: ${((user + system) / (until - from) / 1_000).toFixed(3)} ms CPU a turn`,
    );
  }
  await store.journal.saveCheckpoint(id, { seq: turn * 2, version: 1, state: { turn } });
  await store[Symbol.asyncDispose]();
  const { size } = await stat(join(directory, "bench", "journal.db"));
  console.log(`  file: ${(size / (turn * 2 * body.length)).toFixed(3)}× the bodies`);
  const started = performance.now();
  await using again = await createSqliteStore({ directory });
  await again.journal.loadCheckpoint(id);
  const tail = again.journal.read(id, turn * 2 + 1, new AbortController().signal);
  for await (const batch of tail) throw new Error(`${batch.length} events after the checkpoint`);
  console.log(
    `  opened from its checkpoint in ${(performance.now() - started).toFixed(0)} ms, the thread's start included`,
  );
  await rm(directory, { recursive: true, force: true });
}

const rounds = Number(process.argv[2] ?? 5);
console.log(`Node ${process.version}, ${cpus().length}× ${cpus()[0]?.model ?? "unknown"}, ${tmpdir()}`);
await compare(1, 60, rounds);
await compare(50, 800, rounds);
await compare(500, 1_500, rounds);
await longStream();
