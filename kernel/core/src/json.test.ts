import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isJsonObject, parseJson } from "./json.ts";

describe("parseJson()", () => {
  test("gives back any value that was written as JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test("answers with a reason instead of throwing, whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseJson(text);

        if (!parsed.ok) expect(parsed.reason).not.toBe("");
      }),
    );
    expect(parseJson('{"path": "a')).toMatchObject({ ok: false });
  });
});

describe("isJsonObject()", () => {
  test("is true for objects only, neither for arrays nor for null", () => {
    expect(isJsonObject({})).toBe(true);
    expect([null, [], "x", 1, undefined].map((value) => isJsonObject(value))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
