import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseModelList } from "./parse-model-list.ts";
import { loadShipped, shippedProviders } from "./shipped-lists.ts";

describe("parseModelList()", () => {
  test.each(shippedProviders)("reads the list of %s as it was written", async (provider) => {
    const list = await loadShipped(provider);

    expect(parseModelList(JSON.stringify(list))).toEqual(JSON.parse(JSON.stringify(list)));
  });

  test("leaves out what is no model and no fact", () => {
    const facts = {
      tools: "maybe",
      reasoning: "yes",
      maxContextTokens: -1,
      maxOutputTokens: 1.5,
      structuredOutput: "xml",
      promptCache: 7,
      input: { image: "yes", smell: "yes" },
      price: { inputPerMillion: 1 },
      __proto__: { chat: "no" },
    };
    const models = [null, { id: "a b" }, { id: "m", aliases: ["x", 7, "y z"], name: 3, facts }];

    expect(parseModelList(JSON.stringify({ provider: "p", source: "s", models }))).toEqual({
      provider: "p",
      source: "s",
      models: [{ id: "m", aliases: ["x"], facts: { reasoning: "yes", input: { image: "yes" } } }],
    });
  });

  test("never makes a free tier out of a broken one", () => {
    const price = {
      inputPerMillion: 1,
      outputPerMillion: 2,
      tiers: [{ service: "batch" }, { inputPerMillion: 0 }],
    };
    const list = parseModelList(
      JSON.stringify({ provider: "p", source: "s", models: [{ id: "m", facts: { price } }] }),
    );

    expect(list?.models[0]?.facts.price).toEqual({ inputPerMillion: 1, outputPerMillion: 2 });
  });

  test.each([[""], ["{"], ["[]"], ["{}"], ['{"provider":"p","source":"s","models":{}}']])(
    "takes %j for no list",
    (text) => {
      expect(parseModelList(text)).toBeUndefined();
    },
  );

  test("fails on nothing", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const text = `{"provider":"p","source":"s","models":[{"id":"m","facts":${json}},${json}]}`;

        expect(parseModelList(text)?.provider).toBe("p");
      }),
    );
  });
});
