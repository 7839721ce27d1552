import type { ModelRequest } from "@tau/agent";
import { noUsage, TauError } from "@tau/core";
import type { ModelEvent, ModelFinished, Price } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { createAnswerCache } from "../cache/answer-cache.ts";
import { contextOf, finishedWith, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import { routingLayer } from "../routing/routing-layer.ts";
import { notEmpty } from "../validation/text-validators.ts";
import { validationLayer } from "../validation/validation-layer.ts";
import { noAmounts } from "./amounts.ts";
import { budgetLayer } from "./budget-layer.ts";
import type { BudgetLayerOptions } from "./budget-options.ts";
import type { BudgetLedger, BudgetLimit } from "./budget-ledger.ts";
import { createMemoryBudgetLedger } from "./memory-ledger.ts";

const now = (): number => Date.UTC(2026, 0, 15, 10, 20, 30);
/** 1 micro-USD a token in, 2 a token out. */
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
const tokensOnly: BudgetLimit = { window: "day", tokens: 10_000 };
const wide: BudgetLimit = { ...tokensOnly, costMicroUsd: 1_000_000 };
/** What a prompt of seven tokens and an answer of fifty take. */
const estimated = { requests: 1, tokens: 57, costMicroUsd: 107 };

function setUp(options: Partial<BudgetLayerOptions> = {}) {
  const ledger = createMemoryBudgetLedger();
  const layer = budgetLayer({ ledger, limits: { tenant: [wide] }, now, ...options });
  const taken = () => ledger.taken({ tenant: "acme", account: "tenant", window: "day", at: now() });
  return { layer, taken, ledger };
}

/** A batch of about this many tokens. */
function words(tokens: number): readonly ModelEvent[] {
  return [{ type: "text_delta", text: "four".repeat(tokens) }];
}

function endingWith(usage: Partial<ModelFinished["usage"]>): readonly ModelEvent[] {
  return [{ ...finishedWith("x"), usage: { ...noUsage, ...usage } }];
}

describe("budgetLayer() against those who want more than they may", () => {
  test.each([Number.NaN, -1_000_000, Infinity, 0.5])(
    "sets aside what is usual for a limit that is none: %s",
    async (maxOutputTokens) => {
      const { layer, taken } = setUp({ limits: { tenant: [tokensOnly] } });
      const during: number[] = [];

      const pipeline = withLayers(playing([hello]).model, layer);
      for await (const _ of pipeline.stream({ ...question, maxOutputTokens }, contextOf())) {
        during.push((await taken()).tokens);
      }

      expect(during).toEqual([7 + 2_458, 15]);
    },
  );

  test.each(["requests", "tokens", "costMicroUsd"])("takes a limit of NaN %s for no room", async (metric) => {
    const { layer } = setUp({ limits: { tenant: [{ window: "day", [metric]: Number.NaN }] } });

    const asked = withLayers(playing([hello], { price }).model, layer).complete(question, contextOf());

    await expect(asked).rejects.toMatchObject({ code: "budget.exceeded", details: { metric } });
  });

  test.each([
    { inputTokens: Number.NaN, outputTokens: 1 },
    { inputTokens: -1_000_000, outputTokens: 1 },
    { inputTokens: 1.5, outputTokens: 1 },
    { inputTokens: 5, outputTokens: 1, cacheReadTokens: Number.NaN },
    {},
  ])("estimates what an answer took when the provider says %j", async (usage) => {
    const { layer, taken } = setUp();
    const script = [words(50), endingWith(usage)];

    await readAll(withLayers(playing([script], { price }).model, layer).stream(question, contextOf()));

    expect(await taken()).toEqual(estimated);
  });

  test("never counts money back for cached tokens that the provider counts beside the others", async () => {
    const { layer, taken } = setUp();
    const cheap = { ...price, cacheReadPerMillion: 100_000 };
    const script = [endingWith({ inputTokens: 10, outputTokens: 1, cacheReadTokens: 1_000 })];

    await readAll(withLayers(playing([script], { price: cheap }).model, layer).stream(question, contextOf()));

    expect((await taken()).costMicroUsd).toBe(102);
  });

  test("counts all of an answer that a validator rejects", async () => {
    const { layer, taken } = setUp();
    const validation = validationLayer({ validators: [notEmpty()] });
    const empty = { ...finishedWith(" "), usage: { ...noUsage, inputTokens: 8, outputTokens: 900 } };
    const { model } = playing([[words(50), [empty]]], { price });

    const asked = withLayers(model, layer, validation).complete(question, contextOf());

    await expect(asked).rejects.toMatchObject({ code: "validation.rejected" });
    expect(await taken()).toEqual({ requests: 1, tokens: 908, costMicroUsd: 1_808 });
  });

  test("cuts an answer that grows while validators hold it back, and counts it once", async () => {
    const { layer, taken } = setUp({
      limits: { tenant: [{ window: "day", tokens: 700 }] },
      expectedOutputTokens: 500,
    });
    const validation = validationLayer({ validators: [notEmpty()] });
    const played = playing([Array.from({ length: 500 }, () => words(20))]);

    const asked = withLayers(played.model, layer, validation).complete(question, contextOf());

    await expect(asked).rejects.toMatchObject({ code: "budget.cut" });
    expect(played.open()).toBe(0);
    expect((await taken()).tokens).toBe(7 + 620);
  });

  test("counts an answer once that validators held back and let pass", async () => {
    const { layer, taken } = setUp();
    const validation = validationLayer({ validators: [notEmpty()] });
    const { model } = playing([[words(50), endingWith({})]], { price });

    await withLayers(model, layer, validation).complete(question, contextOf());

    expect(await taken()).toEqual(estimated);
  });

  test("gives back what is granted to an answer that ended meanwhile", async () => {
    const { ledger, taken } = setUp();
    const granted = Promise.withResolvers<void>();
    const slow: BudgetLedger = {
      ...ledger,
      reserve: (reservation) =>
        reservation.id.includes(".")
          ? granted.promise.then(() => ledger.reserve(reservation))
          : ledger.reserve(reservation),
    };
    const { layer } = setUp({ ledger: slow, expectedOutputTokens: 10 });
    const script = [words(9), endingWith({ inputTokens: 8, outputTokens: 9 })];
    const asked = withLayers(playing([script], { price }).model, layer).complete(question, contextOf());
    granted.resolve();
    await asked;

    expect(await taken()).toEqual({ requests: 1, tokens: 17, costMicroUsd: 26 });
  });

  test("counts an answer that was left at the price of whoever gave it", async () => {
    const { layer, taken } = setUp();
    const dear = { inputPerMillion: 10_000_000, outputPerMillion: 20_000_000 };
    const down = new TauError("model.network", "down", { class: "retryable" });
    const cheap = playing([[down]], { price, id: "cheap" }).model;
    const routing = routingLayer({ candidates: [cheap, playing([[words(50)]], { price: dear }).model] });

    for await (const _ of withLayers(cheap, layer, routing).stream(question, contextOf())) break;

    expect(await taken()).toEqual({ ...estimated, costMicroUsd: 1_070 });
  });

  test("sets aside and counts what a call costs in the service that it asks for", async () => {
    const { layer, taken } = setUp();
    const tiered = {
      ...price,
      tiers: [{ service: "priority", inputPerMillion: 4_000_000, outputPerMillion: 8_000_000 }],
    } as const;
    const { model } = playing([hello], { price: tiered });
    const pipeline = withLayers(model, layer);
    const urgent = {
      ...question,
      maxOutputTokens: 10,
      providerOptions: { "openai-chat": { service_tier: "priority" } },
    };
    const during: number[] = [];
    for await (const _ of pipeline.stream(urgent, contextOf())) during.push((await taken()).costMicroUsd);

    expect(during).toEqual([7 * 4 + 12 * 8, 10 * 4 + 5 * 8]);
    expect((await pipeline.complete(urgent, contextOf())).costMicroUsd).toBe(80);
  });

  describe("priced by the services that a request names", () => {
    const rates = (dollars: number) => ({
      inputPerMillion: dollars * 1_000_000,
      outputPerMillion: dollars * 2_000_000,
    });
    const tiers = [
      { service: "batch", ...rates(0.5) },
      { service: "flex", ...rates(0.5) },
      { service: "priority", ...rates(4) },
    ] as const;
    type Named = NonNullable<ModelRequest["providerOptions"]>;

    async function costs(
      providerOptions: Named,
      own: Price = { ...price, tiers },
      more?: Partial<BudgetLayerOptions>,
    ) {
      const { layer, taken } = setUp(more);
      const pipeline = withLayers(playing([hello], { price: own }).model, layer);
      const asked = { ...question, maxOutputTokens: 10, providerOptions };
      const during: number[] = [];
      for await (const _ of pipeline.stream(asked, contextOf())) during.push((await taken()).costMicroUsd);
      return during;
    }
    const [standard, urgent] = [
      [7 + 12 * 2, 20],
      [(7 + 12 * 2) * 4, 80],
    ];

    test.each<[string, Named, readonly number[]]>([
      ["a cheaper one that no adapter reads", { nobody: { service_tier: "batch" } }, standard],
      ["a cheaper one", { "openai-chat": { service_tier: "flex" } }, standard],
      ["another word", { "openai-chat": { service_tier: "auto" } }, standard],
      [
        "a cheaper one before a dearer one",
        { nobody: { service_tier: "flex" }, "openai-chat": { service_tier: "priority" } },
        urgent,
      ],
      ["the shape of Bedrock", { "bedrock-converse": { serviceTier: { type: "priority" } } }, urgent],
      ["the field of Gemini", { gemini: { serviceTier: "PRIORITY" } }, urgent],
      ["options of the AI SDK", { "ai-sdk": { openai: { serviceTier: "priority" } } }, urgent],
    ])("takes the dearest of them and the usual one: %s", async (_name, named, expected) => {
      expect(await costs(named)).toEqual(expected);
    });

    test.each(["flex", "batch"])("takes %s for the usual one where it has no price", async (tier) => {
      expect(await costs({ "openai-chat": { service_tier: tier } }, price)).toEqual(standard);
    });

    test("takes priority without a price for unknown, and names it", async () => {
      const named = { "openai-responses": { service_tier: "priority" } };

      await expect(costs(named, price)).rejects.toMatchObject({
        code: "budget.unknown_price",
        message: expect.stringContaining('service "priority"'),
      });
      expect(await costs(named, price, { allowUnknownPrice: true })).toEqual(standard);
    });

    test("counts an answer that was left, too, at the usual price where that of its service is not known", async () => {
      const { layer, taken } = setUp({ allowUnknownPrice: true });
      const pipeline = withLayers(playing([[words(50)]], { price }).model, layer);
      const providerOptions = { nobody: { service_tier: "priority" } };

      for await (const _ of pipeline.stream({ ...question, providerOptions }, contextOf())) break;

      expect(await taken()).toEqual(estimated);
    });

    test("sets aside the dearest known price where another is not known", async () => {
      const { layer, taken } = setUp({ allowUnknownPrice: true });
      const free = playing([hello], { id: "free" }).model;
      const routing = routingLayer({ candidates: [free, playing([hello], { price }).model] });
      const pipeline = withLayers(free, layer, routing);
      const during: number[] = [];
      for await (const _ of pipeline.stream({ ...question, maxOutputTokens: 10 }, contextOf())) {
        during.push((await taken()).costMicroUsd);
      }

      expect(during).toEqual([7 + 12 * 2, 0]);
    });
  });

  test("sets aside what writing the prompt to a cache costs", async () => {
    const { layer, taken } = setUp();
    const writing = { ...price, cacheWritePerMillion: 3_000_000 };
    const during: number[] = [];

    const { model } = playing([hello], { price: writing });
    for await (const _ of withLayers(model, layer).stream(
      { ...question, maxOutputTokens: 10 },
      contextOf(),
    )) {
      during.push((await taken()).costMicroUsd);
    }

    expect(during).toEqual([7 * 3 + 12 * 2, 20]);
  });

  test("gives an answer whose settlement fails, also to an observer that throws", async () => {
    const { ledger } = setUp();
    const broken = { ...ledger, settle: () => Promise.reject(new Error("disk full")) };
    const { layer } = setUp({
      ledger: broken,
      observer: () => {
        throw new Error("no log");
      },
    });

    const asked = withLayers(playing([hello], { price }).model, layer).complete(question, contextOf());

    await expect(asked).resolves.toBeDefined();
  });

  describe("with equal calls that share one answer", () => {
    const shared = { ...question, temperature: 0 };
    const whole = { tokens: 908, costMicroUsd: 1_808 };
    const last = endingWith({ inputTokens: 8, outputTokens: 900 });
    const scopes: Layer = {
      name: "iam",
      wrap: (next) => (call) => {
        call.record.allowedScopes = [];
        return next(call);
      },
    };

    /** Two readers of one answer: `ada` began it. */
    function setUpTwo() {
      const { layer, ledger } = setUp({ limits: { principal: [wide] } });
      const played = playing([[words(50), words(50), last]], { price });
      const pipeline = withLayers(played.model, scopes, layer, createAnswerCache().layer);
      const readers = ["ada", "eve"].map((id) => {
        const context = contextOf({ principal: { id, kind: "person", scopes: [] } });
        const { stream, record } = pipeline.start(shared, context);
        const taken = () =>
          ledger.taken({ tenant: "acme", account: `principal/${id}`, window: "day", at: now() });
        return { reader: stream[Symbol.asyncIterator](), record, taken };
      });
      const [ada, eve] = readers;
      if (ada === undefined || eve === undefined) throw new TypeError("There are two.");
      return { ada, eve, played };
    }

    test("lets who stays pay when the first one leaves before a word was said", async () => {
      const { ada, eve, played } = setUpTwo();
      const both = [ada.reader.next(), eve.reader.next()];
      await ada.reader.return?.();
      await Promise.all(both);
      for (;;) if ((await eve.reader.next()).done === true) break;

      expect(await eve.taken()).toEqual({ requests: 1, ...whole });
      expect(eve.record).toMatchObject({ cacheHit: false, answeredBy: { id: "test-1" } });
      expect(played.calls()).toBe(1);
    });

    test("lets the first one pay for what others read to its end before it left", async () => {
      const { ada, eve } = setUpTwo();
      await Promise.all([ada.reader.next(), eve.reader.next()]);
      for (;;) if ((await eve.reader.next()).done === true) break;
      await ada.reader.return?.();

      expect(await ada.taken()).toEqual({ requests: 1, ...whole });
      expect(await eve.taken()).toEqual(noAmounts);
    });

    test("counts what was said when all of them leave, one after the other", async () => {
      const { ada, eve, played } = setUpTwo();
      await Promise.all([ada.reader.next(), eve.reader.next()]);
      await eve.reader.next();
      await ada.reader.return?.();
      await eve.reader.return?.();

      expect((await ada.taken()).tokens).toBe(57);
      expect((await eve.taken()).tokens).toBe(107);
      expect(played.open()).toBe(0);
    });
  });
});
