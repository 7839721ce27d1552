/**
 * What a command costs in the jail, and on a layer over the workspace: `bash -c true` beside a plain `spawn` and
 * a bare bubblewrap, in turns. Each comes after a pause, as an agent's commands do: meanwhile the jail of the next one is
 * prepared. What it costs without is measured, too.
 * Holding and carrying out a change of one file, beside them.
 *
 * `node --conditions=@tau/source bench/sandbox.ts [--rounds 60] [--json]`
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { createJail } from "@tau/sandbox";
import { createHostEnvironment } from "@tau/tools";
import type { Environment } from "@tau/tools";

import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median, quantile } from "./lib/statistics.ts";

const { rounds, json } = benchOptions(60);
/** Before each measurement. A model thinks longer. */
const pauseMs = 40;
const never = new AbortController().signal;
const base = await mkdtemp("/var/tmp/tau-bench-sandbox-");
await writeFile(join(base, "a.txt"), "a\n");
const transactionsIn = await mkdtemp("/var/tmp/tau-bench-transactions-");
const profile = { access: "workspace-write", network: false, workspace: base } as const;
await using jail = await createJail({ profile, transactions: transactionsIn });
await using host = createHostEnvironment({ profile });
const { transactions } = jail;
if (transactions === undefined) throw new TypeError("There are no transactions on this machine.");

const bash = async (environment: Pick<Environment, "exec">, line: string): Promise<void> => {
  await environment.exec({ argv: ["bash", "-c", line], timeoutMs: 10_000 }, never);
};

/** The least that confines root as well: no secrets hidden, no seccomp, no limits, nothing watched. */
const bareVector = [
  [
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--unshare-net",
  ],
  ["--disable-userns", "--cap-drop", "ALL", "--die-with-parent", "--new-session"],
  ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"],
  ["--bind", base, base, "--chdir", base, "--"],
].flat();

const plain = async (): Promise<void> => {
  const child = spawn("bash", ["-c", "true"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.resume();
  child.stderr.resume();
  await once(child, "close");
};

/** The second of two that come one upon the other. */
const second = async (name: string, run: () => Promise<void>): Promise<void> => {
  await run();
  await timed(name, run);
};

const rungs: Readonly<Record<string, () => Promise<void>>> = {
  "plain spawn": plain,
  "bubblewrap alone": async () => {
    const child = spawn("bwrap", [...bareVector, "bash", "-c", "true"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.resume();
    child.stderr.resume();
    await once(child, "close");
  },
  host: () => bash(host, "true"),
  jail: () => bash(jail, "true"),
  "plain spawn, at once after another": () => second("plain spawn, at once after another", plain),
  "jail, at once after another": () => second("jail, at once after another", () => bash(jail, "true")),
  "layer: exec": async () => {
    await using transaction = await transactions.begin("bench", never);
    await timed("layer: exec", () => bash(transaction.environment, "true"));
  },
  "layer: begin, exec, hold nothing": async () => {
    await using transaction = await transactions.begin("bench", never);
    await bash(transaction.environment, "true");
    await transaction.hold({}, never);
  },
  "layer: one file, held and committed": async () => {
    await using transaction = await transactions.begin("bench", never);
    await bash(transaction.environment, `echo ${Math.random()} > a.txt`);
    const { id, hash } = await transaction.hold({}, never);
    await transactions.commit(id, hash, never);
  },
};

// Of some rungs only a part counts: of a layer, the execution is a goal, and the rest of its rung is measured around it.
const inner = new Map<string, number>();
async function timed(name: string, act: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await act();
  inner.set(name, performance.now() - startedAt);
}

const measure = async (name: string): Promise<number> => {
  await delay(pauseMs);
  const startedAt = performance.now();
  await rungs[name]?.();
  const wall = performance.now() - startedAt;
  const own = inner.get(name) ?? wall;
  inner.delete(name);
  return own;
};

const names = Object.keys(rungs);
for (const name of names) await measure(name);
const samples = await inRounds(names, rounds, measure);
const of = (name: string): number => median(samples.of(name));
await rm(base, { recursive: true, force: true });

printReport(
  {
    bench: "sandbox",
    rows: names.map((name) => ({
      what: name,
      "median ms": rounded(of(name)),
      "best ms": rounded(Math.min(...samples.of(name))),
      "p25 ms": rounded(quantile(samples.of(name), 0.25)),
      "p90 ms": rounded(quantile(samples.of(name), 0.9)),
    })),
    goals: [
      {
        what: "sandbox: jailed bash -c true, added to a plain spawn",
        measured: of("jail") - of("plain spawn"),
        unit: "ms",
        limit: 6,
        aim: 5,
      },
      {
        what: "sandbox: the same, at once after another command",
        measured: of("jail, at once after another") - of("plain spawn, at once after another"),
        unit: "ms",
        limit: 6,
        aim: 5,
      },
      { what: "sandbox: bash -c true on a layer", measured: of("layer: exec"), unit: "ms", limit: 20 },
    ],
    notes: [
      `Every rung comes ${pauseMs} ms after the one before. Meanwhile the jail of the next command is prepared, unless it comes at once: then its jail is made when it comes.`,
      "bubblewrap alone: a plain spawn of it with its namespaces, and nothing hidden, filtered, limited or watched.",
      "A layer is bubblewrap below an overlay that `unshare` and `mount` make for each command.",
    ],
  },
  json,
);
await rm(transactionsIn, { recursive: true, force: true });
