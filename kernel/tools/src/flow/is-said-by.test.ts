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

  test("takes broken arguments for nobody's", () => {
    expect([isSaidBy(words, "{"), isSaidBy(words, "[]"), isSaidBy(words, '"Install"')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
