import { expect, test } from "vitest";

import { warmUp } from "./agent-loop/warm-up.ts";
import { startService, startWorker } from "./lib/child.ts";
import { isMet } from "./lib/report.ts";
import { median, medianRatio, quantile } from "./lib/statistics.ts";

/** Runs a rung of the agent loop a few times, as the benchmark does; its numbers mean nothing here. */
async function runRung(name: string, baseUrl: string): Promise<unknown> {
  const rung = new URL(`agent-loop/${name}.ts`, import.meta.url).pathname;
  await using worker = startWorker(new URL("agent-loop/worker.ts", import.meta.url), [rung, baseUrl, "2"]);
  return await worker.ask("2");
}

test("the rungs of the agent loop still do the work that is measured", async () => {
  await using model = await startService(new URL("agent-loop/mock-model.ts", import.meta.url));

  const samples = await Promise.all(
    ["bare-undici", "tau-memory", "bare-durable", "tau-durable"].map((name) => runRung(name, model.baseUrl)),
  );

  for (const sample of samples) expect(sample).toHaveProperty("cpuMsPerRun", expect.any(Number));
});

test("the rungs of the first token still get answers", async () => {
  await using model = await startService(new URL("stream/mock-model.ts", import.meta.url));
  const script = new URL("stream/first-token-worker.ts", import.meta.url);
  const ask = async (name: string): Promise<unknown> => {
    const rung = new URL(`stream/${name}.ts`, import.meta.url).pathname;
    await using worker = startWorker(script, [rung, model.baseUrl]);
    return await worker.ask("2");
  };

  const samples = await Promise.all(["bare", "adapter", "responses", "runtime", "durable"].map(ask));

  for (const sample of samples) expect(sample).toHaveProperty("p50Ms", expect.any(Number));
});

test.each(["socket-gateway", "bare-gateway", "tau-gateway"])(
  "%s passes a model's answers on",
  async (name) => {
    await using model = await startService(new URL("gateway/mock-model.ts", import.meta.url));
    await using gateway = await startService(new URL(`gateway/${name}.ts`, import.meta.url), [model.baseUrl]);
    const ask = async (stream: boolean): Promise<string> => {
      // Nobody asked before what is asked: an answer out of a cache comes in one piece.
      const messages = [{ role: "user", content: `Say words, ${stream}.` }];
      const body = JSON.stringify({ model: "mock", stream, messages });
      const answer = await fetch(`${gateway.baseUrl}/v1/chat/completions`, { method: "POST", body });
      return await answer.text();
    };

    expect(JSON.parse(await ask(false))).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^word0 word1 .*word19 $/) } }],
    });
    const events = (await ask(true)).split("\n\n");
    expect(events.filter((event) => event.includes('"content":"word'))).toHaveLength(20);
    expect(events.at(-2)).toBe("data: [DONE]");
  },
);

test("warming up goes on until runs no longer get cheaper, and then stops", async () => {
  const options = { atLeast: 400, atMost: 2_000, window: 100 };
  const costs = [9, 8, 7, 6, 5, 4, 3, 3, 3, 3, 3];

  expect(await warmUp(options, async () => costs.shift() ?? 3)).toBe(1_100);
  expect(await warmUp(options, async () => 3)).toBe(500);
});

test("warming up gives up where runs get cheaper for ever", async () => {
  let cost = 1;

  expect(await warmUp({ atLeast: 400, atMost: 2_000, window: 100 }, async () => (cost *= 0.9))).toBe(2_000);
});

test("a ratio is the median of the rounds' ratios, so that a slow round weighs on both sides", () => {
  expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
});

test("a goal is met at its limit, from the side it is on", () => {
  const goal = { what: "x", unit: "", limit: 10 };

  expect(isMet({ ...goal, measured: 10 })).toBe(true);
  expect(isMet({ ...goal, measured: 11 })).toBe(false);
  expect(isMet({ ...goal, measured: 9, atLeast: true })).toBe(false);
});
