/**
 * The agent loop: ten tool turns and an answer against a loopback model, Tau beside bare rungs, interleaved
 * in rounds. Trust CPU time and the ratios; wall time depends on who else uses the machine.
 *
 * `node --conditions=@tau/source bench/agent-loop/main.ts [--rounds 3] [--json]`
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, json: { type: "boolean", default: false } } });

const rungs = ["bare-undici", "tau-memory", "bare-durable", "tau-durable"] as const;
const loads = [
  { concurrency: 50, runs: 500 },
  { concurrency: 500, runs: 1_500 },
] as const;

interface Measurement {
  readonly cpuMsPerRun: number;
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
}

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const model = spawn(process.execPath, [here("mock-model.ts")], { stdio: ["pipe", "pipe", "inherit"] });
const [port] = await once(createInterface(model.stdout), "line");
const baseUrl = `http://127.0.0.1:${port}`;

async function measure(rung: string, { concurrency, runs }: (typeof loads)[number]): Promise<Measurement> {
  const args = ["--conditions=@tau/source", here("worker.ts"), here(`${rung}.ts`), baseUrl, String(concurrency), String(runs)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const results: object[] = [];
for (const load of loads) {
  const samples = new Map<string, Measurement[]>(rungs.map((rung) => [rung, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    // Every other round goes backwards, so that no rung always comes first.
    for (const rung of round % 2 === 0 ? rungs : rungs.toReversed()) samples.get(rung)?.push(await measure(rung, load));
  }
  const of = (rung: string, key: keyof Measurement): number => median((samples.get(rung) ?? []).map((sample) => sample[key]));
  for (const rung of rungs) {
    const floor = rung.endsWith("durable") ? "bare-durable" : "bare-undici";
    results.push({
      rung,
      concurrency: load.concurrency,
      "CPU ms/run": of(rung, "cpuMsPerRun").toFixed(2),
      [`× floor`]: (of(rung, "cpuMsPerRun") / of(floor, "cpuMsPerRun")).toFixed(2),
      "runs/s": Math.round(of(rung, "runsPerSecond")),
      "p50 ms": Math.round(of(rung, "p50Ms")),
      "p99 ms": Math.round(of(rung, "p99Ms")),
      "RSS MB": Math.round(of(rung, "rssMb")),
    });
  }
}
model.stdin.end();
if (values.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
else {
  process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`);
  console.table(results);
}
