import { describe, expect, test } from "vitest";

import { findJson } from "./find-json.ts";

describe("findJson()", () => {
  test.each([
    ["all of a text", '{"a":1}'],
    ["a fence", 'See:\n```json\n{"a":1}\n```\n{'],
    ["a fence without a language, after empty lines", '```  \r\n\n\n{"a":1}```'],
    ["brackets among words", 'It is {"a":1}, I think.'],
  ])("finds %s", (_, text) => {
    expect(findJson(text)).toEqual({ a: 1 });
  });

  // An expression with two ways to match each empty line takes minutes for this.
  test("is done soon with a fence of a million empty lines that never ends", () => {
    expect(findJson(`\`\`\`${"\n".repeat(1_000_000)}`)).toBeUndefined();
  });
});
