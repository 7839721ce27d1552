import type { Model } from "@tau/agent";
import { addUsage, costOf, formatUsd, noUsage } from "@tau/core";
import type { Usage } from "@tau/core";

import { modelOptions } from "../agent-options.ts";
import { benchModel, spreadOf } from "../bench-model.ts";
import type { BenchCall, BenchPlan, Spread } from "../bench-model.ts";
import { countOption, flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findModel } from "../find-model.ts";
import { openCatalog } from "../known-models.ts";
import { localContext } from "../local-context.ts";
import { columns } from "../model-lines.ts";
import { plain, plainJson } from "../plain-text.ts";
import { readSettings } from "../read-settings.ts";
import { createStyle } from "../style.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

/** More would be an attack. */
const [mostCalls, mostAtOnce] = [1_000, 32];

/** `tau bench`: how fast does this model answer? */
export const benchCommand: Command = {
  usage: "bench [options]",
  description: `Asks a model the same question some times and measures: the time to the first token, the whole time, tokens a
second. Costs what the calls cost. Nothing is repeated: calls that fail are counted.
${homeNote}`,
  options: {
    ...modelOptions,
    calls: { type: "string", short: "n", value: "N", help: `How many. Default 10, at most ${mostCalls}.` },
    concurrency: { type: "string", value: "N", help: `How many at once. Default 1, at most ${mostAtOnce}.` },
    prompt: { type: "string", value: "TEXT", help: "Default: to count from one to fifty in words." },
    "max-tokens": { type: "string", value: "N", help: "Of each answer. Default 256." },
    json: { type: "boolean", help: "Print one line of JSON, with every call in it." },
  },
  maxWords: 0,
  examples: [
    "tau bench",
    "tau bench --provider anthropic --model claude-haiku-4-5 --calls 30 --concurrency 5",
    "tau bench --base-url http://127.0.0.1:8000/v1 --model qwen3 --json | jq .firstMs.p99",
  ],

  async run(args, terminal) {
    const plan = planOf(args);
    const settings = await readSettings(args, terminal, false);
    const catalog = await openCatalog(settings.home, settings.knownModels);
    const { model } = await findModel(settings.model, { terminal, catalog });
    const startedMs = performance.now();
    const calls: BenchCall[] = [];
    for await (const call of benchModel(model, plan, localContext(terminal))) calls.push(call);
    const report = reportOf(model, calls, performance.now() - startedMs);
    if (flagOption(args, "json")) writeLine(terminal, plainJson({ ...report, ...plan, calls }));
    else showReport(report, plan, terminal);
    return report.failed === calls.length ? exitCodes.failed : exitCodes.ok;
  },
};

function planOf(args: ParsedArgs): BenchPlan {
  return {
    calls: boundedOption(args, "calls", mostCalls) ?? 10,
    concurrency: boundedOption(args, "concurrency", mostAtOnce) ?? 1,
    prompt: textOption(args, "prompt") ?? "Count from one to fifty in words, separated by commas.",
    maxOutputTokens: countOption(args, "max-tokens") ?? 256,
  };
}

function boundedOption(args: ParsedArgs, name: string, most: number): number | undefined {
  const count = countOption(args, name);
  if (count === undefined || count <= most) return count;
  throw usageError(`--${name} must be at most ${most}, not ${count}.`);
}

interface Report {
  readonly provider: string;
  readonly model: string;
  readonly answered: number;
  readonly failed: number;
  /** How often each error was met, by its code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly firstMs?: Spread;
  readonly totalMs?: Spread;
  readonly tokensPerSecond?: Spread;
  /** Of everything, all calls together. */
  readonly wallMs: number;
  readonly usage: Usage;
  readonly costMicroUsd?: number;
}

function reportOf({ provider, id, price }: Model, calls: readonly BenchCall[], wallMs: number): Report {
  const good = calls.filter(({ failure }) => failure === undefined);
  const failures: Record<string, number> = {};
  for (const { failure } of calls)
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
  const spreads = {
    firstMs: spreadOf(good.flatMap(({ firstMs }) => firstMs ?? [])),
    totalMs: spreadOf(good.map(({ totalMs }) => totalMs)),
    tokensPerSecond: spreadOf(good.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? [])),
  };
  const usages = good.flatMap(({ usage }) => usage ?? []);
  const cost = price === undefined ? undefined : usages.reduce((sum, usage) => sum + costOf(usage, price), 0);
  return {
    provider,
    model: id,
    answered: good.length,
    failed: calls.length - good.length,
    failures,
    ...(spreads.firstMs === undefined ? {} : { firstMs: spreads.firstMs }),
    ...(spreads.totalMs === undefined ? {} : { totalMs: spreads.totalMs }),
    ...(spreads.tokensPerSecond === undefined ? {} : { tokensPerSecond: spreads.tokensPerSecond }),
    wallMs,
    usage: usages.reduce(addUsage, noUsage),
    ...(cost === undefined ? {} : { costMicroUsd: cost }),
  };
}

function showReport(report: Report, { concurrency }: BenchPlan, terminal: Terminal): void {
  const style = createStyle(terminal);
  const { provider, model, answered, failures, usage, costMicroUsd, wallMs } = report;
  writeLine(terminal, plain(`${provider} ${model}: ${answered} answers, ${concurrency} at once`));
  const rows = [
    ["first token (ms)", report.firstMs],
    ["whole answer (ms)", report.totalMs],
    ["tokens a second", report.tokensPerSecond],
  ] as const;
  const cells = rows.map(([label, spread]) => [
    label,
    ...(spread === undefined ? ["-", "-", "-"] : [spread.mean, spread.p50, spread.p99].map(short)),
  ]);
  const [head = "", ...lines] = columns([["", "mean", "p50", "p99"], ...cells]);
  writeLine(terminal, style("dim", head));
  for (const line of lines) writeLine(terminal, line);
  const cost = costMicroUsd === undefined ? "" : `, ${formatUsd(costMicroUsd)}`;
  const rate = (usage.outputTokens / (wallMs / 1_000)).toFixed(1);
  writeLine(
    terminal,
    `${usage.outputTokens} tokens out in ${(wallMs / 1_000).toFixed(1)} s (${rate} a second)${cost}`,
  );
  for (const [code, count] of Object.entries(failures))
    writeLine(terminal, style("red", `${count} failed with ${code}`));
}

function short(number: number): string {
  return number >= 100 ? String(Math.round(number)) : number.toFixed(1);
}
