/**
 * What it takes to run four independent reads that an answer asks for, against one of them: each waits 50 ms for
 * somebody else. Also what a search among 1,200 tools costs, and what a model is told of them.
 *
 * `node --conditions=@tau/source bench/tools.ts [--rounds 15] [--json]`
 */
import { setTimeout as wait } from "node:timers/promises";

import type { Model } from "@tau/agent";
import { noUsage } from "@tau/core";
import type { AssistantMessage } from "@tau/core";
import { completeRun } from "@tau/runtime";
import { createToolRegistry, defineTool } from "@tau/tools";

import { openBenchRuntime, openMemoryStore } from "./lib/bench-runtime.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { median } from "./lib/statistics.ts";

const waitMs = 50;
const { rounds, json } = benchOptions(15);

const read = defineTool({
  name: "read",
  description: "Waits.",
  input: { type: "object" },
  sideEffect: "pure",
  execute: async () => {
    await wait(waitMs);
    return "read";
  },
});

/** A model that asks for some reads, and then has its answer. */
function asking(calls: number): Model {
  const first: AssistantMessage = {
    role: "assistant",
    parts: Array.from({ length: calls }, (_, index) => ({
      type: "tool_call",
      id: `c${index}`,
      name: "read",
      arguments: `{"index":${index}}`,
    })),
  };
  const last: AssistantMessage = { role: "assistant", parts: [{ type: "text", text: "done" }] };
  return {
    provider: "bench",
    id: "bench",
    async *stream({ messages }) {
      const isFirst = messages.at(-1)?.role === "user";
      const [message, stopReason] = isFirst ? ([first, "tool_calls"] as const) : ([last, "stop"] as const);
      yield [{ type: "finished", message, usage: noUsage, stopReason, model: "bench" }];
    },
  };
}

async function timesOf(calls: number): Promise<number> {
  await using bench = await openBenchRuntime(
    openMemoryStore(),
    asking(calls),
    createToolRegistry({ tools: [read] }),
  );
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await completeRun(bench.runtime, { prompt: "Read." }, bench.context);
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

const many = Array.from({ length: 1_200 }, (_, index) =>
  defineTool({
    name: `server${index % 12}__tool_${index}`,
    description: `Does the thing number ${index} with documents, issues and messages.`,
    input: { type: "object", properties: { id: { type: "string" } } },
    sideEffect: "pure",
    execute: () => "done",
  }),
);
const registry = createToolRegistry({ tools: many });
const [one, four] = [await timesOf(1), await timesOf(4)];
const told = Buffer.byteLength(JSON.stringify(registry.definitions()));
const whole = Buffer.byteLength(
  JSON.stringify(many.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))),
);

printReport(
  {
    bench: "tools",
    rows: [
      { what: "a run with one read of 50 ms", "wall ms": rounded(one) },
      { what: "a run with four of them", "wall ms": rounded(four) },
      { what: "1,200 tools, as a model is told of them", bytes: told },
      { what: "1,200 tools, all of their schemas", bytes: whole },
    ],
    goals: [
      { what: "tools: four independent reads over one", measured: four / one, unit: "×", limit: 1.1 },
      { what: "tools: what 1,200 of them cost a prompt", measured: told, unit: "B", limit: 4_000 },
    ],
    notes: [`Medians of ${rounds} rounds; the runtime in memory, with its events, rules and ledger.`],
  },
  json,
);
