import { setImmediate as nextTurn } from "node:timers/promises";

import type { Model } from "@tau/agent";
import { noUsage } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { benchModel, spreadOf } from "./bench-model.ts";
import { createPlace, startScripted } from "./cli.test.support.ts";
import { localContext } from "./local-context.ts";

const counting = { turns: [{ text: "one, two, three, four", usage: { inputTokens: 20, outputTokens: 12 } }] };

describe("tau bench", () => {
  test("asks as often as it is told, and shows the times, in a process of its own", async () => {
    await using place = await createPlace();
    await using model = await startScripted(counting);

    const args = ["bench", "--calls", "7", "--concurrency", "3", ...model.options];
    const { code, stdout } = await place.spawn(args).ended;

    expect(code).toBe(0);
    expect(stdout).toContain("compatible scripted: 7 answers, 3 at once");
    expect(stdout).toMatch(/^first token \(ms\) +[\d.]+ +[\d.]+ +[\d.]+$/mu);
    expect(stdout).toMatch(/^whole answer \(ms\) +[\d.]+ +[\d.]+ +[\d.]+$/mu);
    expect(stdout).toMatch(/^tokens a second +\S+ +\S+ +\S+$/mu);
    expect(stdout).toContain("84 tokens out");
    expect(model.server.requests).toHaveLength(7);
  });

  test("tells programs every call, and what it cost", async () => {
    await using place = await createPlace();
    await using model = await startScripted(counting);
    await place.write(
      "tau.toml",
      `[model]\nprovider = "anthropic"\nid = "claude-haiku-4-5"\nbase_url = "${model.server.url}"\n`,
    );

    const { stdout } = await place.tau([
      "bench",
      "-n",
      "2",
      "--config",
      "tau.toml",
      "--json",
      "--max-tokens",
      "9",
    ]);

    const report: { readonly calls: readonly { readonly firstMs: number; readonly totalMs: number }[] } =
      JSON.parse(stdout);
    expect(report).toMatchObject({
      answered: 2,
      failed: 0,
      concurrency: 1,
      usage: { outputTokens: 24 },
      costMicroUsd: 160,
      firstMs: { mean: expect.any(Number), p50: expect.any(Number), p99: expect.any(Number) },
    });
    expect(report.calls).toHaveLength(2);
    for (const { firstMs, totalMs } of report.calls) expect(firstMs).toBeLessThanOrEqual(totalMs);
    expect(model.server.requests.map(({ body }) => body)).toMatchObject([
      { max_tokens: 9 },
      { max_tokens: 9 },
    ]);
  });

  test("counts what failed, and fails when everything did", async () => {
    await using place = await createPlace();
    await using busy = await startScripted({ turns: [{ failure: { kind: "overloaded" } }] });
    await using moody = await startScripted({
      turns: [{ text: "Hello.", failure: { kind: "rate_limited", times: 1 } }],
    });

    const all = await place.tau(["bench", "-n", "2", ...busy.options]);
    const some = await place.tau(["bench", "-n", "3", ...moody.options]);

    expect(all.stdout).toContain("2 failed with model.overloaded");
    expect(all.code).toBe(1);
    expect(some.stdout).toContain("1 failed with model.rate_limited");
    expect(some.stdout).toContain("2 answers");
    expect(some.code).toBe(0);
  });

  test.each([
    [["--calls", "1001"], "--calls must be at most 1000"],
    [["--concurrency", "33"], "--concurrency must be at most 32"],
    [["--calls", "0"], "at least 1"],
  ])("refuses %j", async (args, message) => {
    await using place = await createPlace();

    const { code, stderr } = await place.tau(["bench", ...args]);

    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("benchModel()", () => {
  test("has no more calls under way at once than it is told, and that many while there are more", async () => {
    let [underWay, most, asked] = [0, 0, 0];
    const model: Model = {
      provider: "memory",
      id: "counting",
      async *stream() {
        asked += 1;
        underWay += 1;
        most = Math.max(most, underWay);
        await nextTurn();
        underWay -= 1;
        const message = { role: "assistant", parts: [] } as const;
        yield [{ type: "finished", message, usage: noUsage, stopReason: "stop", model: "counting" }];
      },
    };
    const plan = { calls: 7, concurrency: 3, prompt: "hi", maxOutputTokens: 1 };

    let calls = 0;
    for await (const { failure } of benchModel(model, plan, localContext({ env: {} }))) {
      expect(failure).toBeUndefined();
      calls += 1;
    }

    expect(calls).toBe(7);
    expect({ most, asked }).toEqual({ most: 3, asked: 7 });
  });
});

describe("spreadOf()", () => {
  test("takes percentiles by the nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(spreadOf(hundred)).toEqual({ mean: 50.5, p50: 50, p99: 99 });
    expect(spreadOf([7])).toEqual({ mean: 7, p50: 7, p99: 7 });
    expect(spreadOf([])).toBeUndefined();
  });

  test("never leaves the numbers it was given", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (numbers) => {
        const spread = spreadOf(numbers);

        expect(numbers).toContain(spread?.p50);
        expect(numbers).toContain(spread?.p99);
        expect(spread?.p50).toBeLessThanOrEqual(spread?.p99 ?? Infinity);
      }),
    );
  });
});
