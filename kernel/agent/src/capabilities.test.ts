import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import { defineCapabilities, unknownCapabilities, withFacts } from "./capabilities.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";

describe("defineCapabilities()", () => {
  test("leaves what nobody said unknown, in the modalities, too", () => {
    expect(defineCapabilities({ tools: "yes", input: { image: "no" } })).toEqual({
      ...unknownCapabilities,
      tools: "yes",
      input: { ...unknownCapabilities.input, image: "no" },
    });
  });
});

describe("withFacts()", () => {
  test("lets later facts win and keeps the others", () => {
    const known = defineCapabilities({ tools: "yes", input: { image: "yes", audio: "no" } });

    expect(withFacts(known, { reasoning: "no", input: { audio: "yes" } })).toEqual({
      ...known,
      reasoning: "no",
      input: { ...known.input, audio: "yes" },
    });
  });
});

describe("a model's capabilities", () => {
  const price = { inputPerMillion: 3_000_000, outputPerMillion: 15_000_000 };
  const capabilities = defineCapabilities({ tools: "yes", maxContextTokens: 200_000, price });

  test.each([
    ["createOpenAiChat()", createOpenAiChat],
    ["createAnthropic()", createAnthropic],
  ])("are on what %s makes, and tell its price and its window", (_name, create) => {
    expect(create({ model: "any", capabilities })).toMatchObject({
      capabilities,
      price,
      contextWindow: 200_000,
    });
  });

  test("are overruled by a price and a window that are given", () => {
    const mine = { inputPerMillion: 1, outputPerMillion: 2 };

    expect(createOpenAiChat({ model: "any", capabilities, price: mine, contextWindow: 8 })).toMatchObject({
      price: mine,
      contextWindow: 8,
    });
  });

  test("are absent when nobody gave any", () => {
    expect(createOpenAiChat({ model: "any" })).not.toHaveProperty("capabilities");
  });
});
