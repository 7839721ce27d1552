import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isSaidBy } from "./is-said-by.ts";

const words = 'Read https://example.org/docs?page=2, and tell me what "Install" says. Version 2.0.';

describe("isSaidBy()", () => {
  test.each([
    { url: "https://example.org/docs?page=2" },
    { url: "https://example.org/docs?page=2", limit: 50, raw: true },
    { url: "https://example.org/docs?page=2", query: "Install" },
    {},
  ])("takes %j for the person's words", (args) => {
    expect(isSaidBy(words, JSON.stringify(args))).toBe(true);
  });

  test.each([
    { url: "https://example.org/docs?page=2&secret=1" },
    { url: "https://example.org" },
    { url: "https://example.org/docs" },
    { url: "example.org/docs?page=2" },
    { url: "https://example.org/docs?page=2", body: "hidden" },
    { url: "https://example.org/docs?page=2", offset: 31337001 },
    { url: "https://example.org/docs?page=2", headers: { "x-secret": "Install" } },
    { query: "ex" },
    { list: ["Install", "Ins"] },
  ])("takes %j for somebody else's", (args) => {
    expect(isSaidBy(words, JSON.stringify(args))).toBe(false);
  });

  test("finds what repeats itself wherever it stands", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab .]{0,12}$/u), fc.stringMatching(/^[ab .]{1,4}$/u), (some, text) => {
        const whole = new RegExp(`(?<![ab])${text.replaceAll(".", "\\.")}(?!\\.?[ab])`, "u");
        expect(isSaidBy(some, JSON.stringify({ text }))).toBe(whole.test(some));
      }),
    );
  });

  // None of these ended within a test's time.
  test.each([
    ["one text at every place", "a".repeat(1_000_000), ["a".repeat(500_000)]],
    [
      "one text that is nearly there",
      "a".repeat(1_000_000),
      [`${"a".repeat(250_000)}b${"a".repeat(250_000)}`],
    ],
    ["texts that are at every place", `${"a".repeat(1_000_000)} ${letters(95).join(" ")}`, letters(95)],
    ["texts that are at every place of less", `${"a".repeat(90_000)} ${letters(95).join(" ")}`, letters(95)],
    ["texts without number", numbers(60_000).join(" "), numbers(60_000)],
  ])("does not look for %s for ever", (_, some, list) => {
    expect(isSaidBy(some, JSON.stringify({ list }))).toBe(false);
  });

  test("looks for dozens of texts in a long prompt", () => {
    const list = numbers(16_000);
    expect(list.join(" ").length).toBeGreaterThan(96_000);
    expect(isSaidBy(list.join(" "), JSON.stringify({ list: list.slice(-96) }))).toBe(true);
  });

  test("takes broken arguments for nobody's", () => {
    expect([isSaidBy(words, "{"), isSaidBy(words, "[]"), isSaidBy(words, '"Install"')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

/** `a`, `aa` and so on. */
function letters(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => "a".repeat(index + 1));
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `w${index}`);
}
