import { noUsage, TauError } from "@tau/core";
import type { ModelEvent, ModelFinished, Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, finishedWith, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { Script } from "../pipeline.test.support.ts";
import { noAmounts } from "./amounts.ts";
import { budgetLayer } from "./budget-layer.ts";
import type { BudgetLayerOptions } from "./budget-options.ts";
import type { BudgetLedger, BudgetLimit } from "./budget-ledger.ts";
import { createMemoryBudgetLedger } from "./memory-ledger.ts";

const now = (): number => Date.UTC(2026, 0, 15, 10, 20, 30);
/** 1 micro-USD a token in, 2 a token out. */
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
const wide: BudgetLimit = { window: "day", requests: 1_000, tokens: 1_000_000, costMicroUsd: 1_000_000 };

function ledgerOf(ledger: BudgetLedger) {
  return (account = "tenant", tenant = "acme") => ledger.taken({ tenant, account, window: "day", at: now() });
}

function setUp(scripts: readonly Script[], options: Partial<BudgetLayerOptions> = {}) {
  const ledger = options.ledger ?? createMemoryBudgetLedger();
  const played = playing(scripts, { price });
  const layer = budgetLayer({ ledger, limits: { tenant: [wide] }, now, ...options });
  return { ledger, played, pipeline: withLayers(played.model, layer), taken: ledgerOf(ledger) };
}

/** A batch of about this many tokens. */
function words(tokens: number): readonly ModelEvent[] {
  return [{ type: "text_delta", text: "four".repeat(tokens) }];
}

const broken = new TauError("model.network", "broken", { class: "retryable" });

describe("budgetLayer()", () => {
  test("holds an estimate while the answer streams, and counts what it took when it ended", async () => {
    const { pipeline, taken } = setUp([hello]);
    const during: number[] = [];
    for await (const _ of pipeline.stream({ ...question, maxOutputTokens: 1_000 }, contextOf())) {
      during.push((await taken()).tokens);
    }

    // 7 tokens of prompt, and 120 % of a thousand; settled before the last batch is read.
    expect(during).toEqual([1_207, 15]);
    expect(await taken()).toEqual({ requests: 1, tokens: 15, costMicroUsd: 20 });
  });

  test("refuses what does not fit, asks nobody, and says when there is room again", async () => {
    const limits = { tenant: [{ window: "minute", tokens: 3_000 }] } as const;
    const { pipeline, played } = setUp([hello], { limits });
    await pipeline.complete({ ...question, maxOutputTokens: 1_000 }, contextOf());

    await expect(
      pipeline.complete({ ...question, maxOutputTokens: 2_490 }, contextOf()),
    ).rejects.toMatchObject({
      code: "budget.exceeded",
      class: "rate_limited",
      retryAfterMs: 30_000,
      details: { scope: "tenant", window: "minute", metric: "tokens", limit: 3_000, taken: 15 },
    });
    expect(played.calls()).toBe(1);
  });

  test("calls what no window ever has room for permanent, and says what it needs", async () => {
    const { pipeline, played } = setUp([hello], { limits: { tenant: [{ window: "minute", tokens: 100 }] } });

    await expect(
      pipeline.complete({ ...question, maxOutputTokens: 1_000 }, contextOf()),
    ).rejects.toMatchObject({
      code: "budget.exceeded",
      class: "permanent",
      retryAfterMs: undefined,
      message: expect.stringContaining(
        "This call alone needs 1207. Raise the limit, or ask for less: a lower maxOutputTokens",
      ),
      details: { scope: "tenant", window: "minute", metric: "tokens", limit: 100, taken: 0, needed: 1_207 },
    });
    expect(played.calls()).toBe(0);
  });

  test("calls a limit without an end permanent", async () => {
    const { pipeline } = setUp([hello], { limits: { run: [{ window: "ever", requests: 0 }] } });

    await expect(pipeline.complete(question, contextOf({ runPath: ["r1"] }))).rejects.toMatchObject({
      code: "budget.exceeded",
      class: "permanent",
      retryAfterMs: undefined,
    });
  });

  test("charges tenant, principal, run and every run below it", async () => {
    const limits = { tenant: [wide], principal: [wide], run: [wide], child: [wide] };
    const { pipeline, taken } = setUp([hello], { limits });

    await pipeline.complete(question, contextOf({ runPath: ["r1", "c1", "c2"] }));

    for (const account of ["tenant", "principal/ada", "run/r1", "child/c1", "child/c2"]) {
      expect.soft((await taken(account)).requests, account).toBe(1);
    }
    expect(await taken("tenant", "other")).toEqual(noAmounts);
  });

  test("lets a child spend no more than its parent has left", async () => {
    const limits = { run: [{ window: "ever", tokens: 3_000 } as const], child: [{ ...wide }] };
    const { pipeline } = setUp([[words(1), { ...finishedWith("x"), usage: used(900, 100) }].map(asBatch)], {
      limits,
    });
    const ask = (path: readonly string[]) => pipeline.complete(question, contextOf({ runPath: path }));

    await ask(["r1", "c1"]);
    await expect(ask(["r1", "c2"])).rejects.toMatchObject({
      code: "budget.exceeded",
      details: { scope: "run" },
    });
    await expect(ask(["r2", "c3"])).resolves.toBeDefined();
  });

  test("counts nothing for a hit of the cache", async () => {
    const hit: Layer = {
      name: "cache",
      wrap: (next) => (call) => {
        call.record.cacheHit = true;
        return next(call);
      },
    };
    const ledger = createMemoryBudgetLedger();
    const layer = budgetLayer({ ledger, limits: { tenant: [wide] }, now });

    await withLayers(playing([hello], { price }).model, layer, hit).complete(question, contextOf());

    expect(await ledgerOf(ledger)()).toEqual(noAmounts);
  });

  test("counts a call that failed before an answer began as a request only", async () => {
    const { pipeline, taken } = setUp([[broken]]);

    await expect(pipeline.complete(question, contextOf())).rejects.toBe(broken);

    expect(await taken()).toEqual({ ...noAmounts, requests: 1 });
  });

  test("counts prompt and what was said when an answer breaks or is left", async () => {
    const { pipeline, taken } = setUp([[words(50), broken]]);

    await expect(pipeline.complete(question, contextOf())).rejects.toBe(broken);
    expect(await taken()).toEqual({ requests: 1, tokens: 57, costMicroUsd: 107 });

    for await (const _ of pipeline.stream(question, contextOf())) break;
    expect(await taken()).toEqual({ requests: 2, tokens: 114, costMicroUsd: 214 });
  });

  test("lets an answer grow beyond what was expected while there is room", async () => {
    const long = Array.from({ length: 50 }, () => words(100));
    const { pipeline, taken } = setUp([[...long, [{ ...finishedWith("x"), usage: used(8, 5_000) }]]], {
      expectedOutputTokens: 500,
    });

    await pipeline.complete(question, contextOf());

    expect((await taken()).tokens).toBe(5_008);
  });

  test("lets an answer pass that comes all at once, faster than the ledger answers", async () => {
    const burst = [words(3_000), words(3_000), [{ ...finishedWith("x"), usage: used(8, 6_000) }]];
    const { pipeline, taken } = setUp([burst], { expectedOutputTokens: 500 });
    await pipeline.complete(question, contextOf());

    expect((await taken()).tokens).toBe(6_008);
  });

  test("does not cut what is whole already", async () => {
    const { pipeline, taken } = setUp(
      [[[...words(3_000), { ...finishedWith("x"), usage: used(8, 3_000) }]]],
      {
        limits: { tenant: [{ window: "day", tokens: 700 }] },
        expectedOutputTokens: 500,
      },
    );
    await pipeline.complete(question, contextOf());

    expect((await taken()).tokens).toBe(3_008);
  });

  test("cuts an answer at 120 % of what was set aside when there is no room for more", async () => {
    const long = Array.from({ length: 50 }, () => words(20));
    const { pipeline, played, taken } = setUp([long], {
      limits: { tenant: [{ window: "day", tokens: 700 }] },
      expectedOutputTokens: 500,
    });
    let said = 0;
    const read = async (): Promise<void> => {
      for await (const batch of pipeline.stream(question, contextOf())) said += batch.length;
    };

    await expect(read()).rejects.toMatchObject({ code: "budget.cut", class: "permanent" });

    expect(said).toBe(30);
    expect(played.open()).toBe(0);
    expect((await taken()).tokens).toBeLessThanOrEqual(700);
  });

  test("refuses a model without a price where money is limited, unless that is allowed", async () => {
    const { model } = playing([hello]);
    const build = (allowUnknownPrice: boolean, limit: BudgetLimit) =>
      withLayers(
        model,
        budgetLayer({
          ledger: createMemoryBudgetLedger(),
          limits: { tenant: [limit] },
          allowUnknownPrice,
          now,
        }),
      );

    await expect(build(false, wide).complete(question, contextOf())).rejects.toMatchObject({
      code: "budget.unknown_price",
    });
    await expect(build(true, wide).complete(question, contextOf())).resolves.toBeDefined();
    const tokensOnly: BudgetLimit = { window: "day", tokens: 10_000 };
    await expect(build(false, tokensOnly).complete(question, contextOf())).resolves.toBeDefined();
  });

  test("makes no call when the limits cannot be found", async () => {
    const lost = new Error("no such tenant");
    const { pipeline, played } = setUp([hello], {
      limits: () => {
        throw lost;
      },
    });

    await expect(pipeline.complete(question, contextOf())).rejects.toMatchObject({
      code: "budget.unavailable",
      cause: lost,
    });
    expect(played.calls()).toBe(0);
  });

  test.each([
    new TauError("iam.denied", "Not you."),
    new TypeError("limits.day is not a function"),
    new RangeError("Too many."),
  ])("passes on what a limits function means by what it throws: %s", async (thrown) => {
    const { pipeline, played } = setUp([hello], {
      limits: () => {
        throw thrown;
      },
    });

    await expect(pipeline.complete(question, contextOf())).rejects.toBe(thrown);
    expect(played.calls()).toBe(0);
  });

  test.each(["{}", '{ "limits": null }', '{ "limits": {} }'])(
    "takes limits that are no list for a bug, not for no limits: %s",
    async (answer) => {
      const { limits }: { readonly limits: readonly BudgetLimit[] } = JSON.parse(answer);
      const { pipeline, played } = setUp([hello], { limits: () => limits });

      await expect(pipeline.complete(question, contextOf())).rejects.toThrow(
        new TypeError("The function `limits` of a budget must answer a list; an empty one limits nothing."),
      );
      expect(played.calls()).toBe(0);
    },
  );

  test("makes no call when the ledger fails, and tells of a settlement that failed", async () => {
    const seen: Observation[] = [];
    const down = new Error("disk full");
    const ledger = createMemoryBudgetLedger();
    const failing = (method: "reserve" | "settle"): BudgetLedger => ({
      ...ledger,
      [method]: () => Promise.reject(down),
    });
    const first = setUp([hello], { ledger: failing("reserve") });
    const second = setUp([hello], { ledger: failing("settle"), observer: (event) => seen.push(event) });

    await expect(first.pipeline.complete(question, contextOf())).rejects.toMatchObject({
      code: "budget.unavailable",
      class: "retryable",
      cause: down,
    });
    expect(first.played.calls()).toBe(0);
    await expect(second.pipeline.complete(question, contextOf())).resolves.toBeDefined();
    expect(seen).toMatchObject([{ name: "budget.settle_failed", tenant: "acme", error: down }]);
  });

  test("waits for a ledger that hangs no longer than its caller, and gives back what it grants after that", async () => {
    const memory = createMemoryBudgetLedger();
    const granting = Promise.withResolvers<void>();
    const settled = Promise.withResolvers<void>();
    const ledger: BudgetLedger = {
      ...memory,
      reserve: async (reservation) => {
        await granting.promise;
        return await memory.reserve(reservation);
      },
      settle: async (...settlement) => {
        await memory.settle(...settlement);
        settled.resolve();
      },
    };
    const { pipeline, played, taken } = setUp([hello], { ledger });
    const caller = new AbortController();
    const asked = pipeline.complete(question, contextOf({ signal: caller.signal }));
    caller.abort(new Error("gone"));

    await expect(asked).rejects.toThrow("gone");
    granting.resolve();
    await settled.promise;
    expect(played.calls()).toBe(0);
    expect(await taken()).toEqual(noAmounts);
  });

  test("counts nothing, and costs nothing, where nothing is limited", async () => {
    const { pipeline, taken } = setUp([hello], { limits: { principal: [wide] } });

    await pipeline.complete(question, contextOf());

    expect(await taken()).toEqual(noAmounts);
  });

  test("has default limits that a single call fits into", async () => {
    const { defaultBudgetLimits } = await import("./budget-scopes.ts");
    const { pipeline } = setUp([hello], { limits: defaultBudgetLimits });

    await expect(pipeline.complete(question, contextOf())).resolves.toBeDefined();
  });

  test("reads the answer's own events unchanged", async () => {
    const { pipeline } = setUp([hello]);

    expect(await readAll(pipeline.start(question, contextOf()).stream)).toEqual(hello);
  });
});

function used(inputTokens: number, outputTokens: number): ModelFinished["usage"] {
  return { ...noUsage, inputTokens, outputTokens };
}

function asBatch(step: readonly ModelEvent[] | ModelEvent): readonly ModelEvent[] {
  return "type" in step ? [step] : step;
}
