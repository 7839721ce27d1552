import { describe, expect, test } from "vitest";

import { estimateTokens } from "./estimate-tokens.ts";
import { userText } from "./message.ts";

describe("estimateTokens()", () => {
  test("counts about four ASCII characters a token", () => {
    expect(estimateTokens(userText("x".repeat(400)))).toBe(104);
  });

  test("does not undercount text outside ASCII", () => {
    expect(estimateTokens(userText("漢".repeat(400)))).toBeGreaterThanOrEqual(600);
  });

  test("counts pictures", () => {
    const picture = { type: "image", mediaType: "image/png", source: { kind: "base64", data: "" } } as const;

    expect(estimateTokens({ role: "user", parts: [picture] })).toBeGreaterThan(1_000);
  });
});
