import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cleanModelId, idForms } from "./model-id.ts";

describe("cleanModelId()", () => {
  test.each([
    [" gpt-4o ", "gpt-4o"],
    ["anthropic/claude-sonnet-4.5:beta", "anthropic/claude-sonnet-4.5:beta"],
    ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929"],
    ["a".repeat(200), "a".repeat(200)],
  ])("keeps %j", (id, clean) => {
    expect(cleanModelId(id)).toBe(clean);
  });

  test.each([[""], ["   "], ["a b"], ["a\nb"], ["a;b"], ["ä"], ["a".repeat(201)], [undefined], [7], [{}]])(
    "refuses %j",
    (id) => {
      expect(cleanModelId(id)).toBeUndefined();
    },
  );

  test("is done after one time, whatever it is given", () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const clean = cleanModelId(id);
        expect(clean === undefined ? undefined : cleanModelId(clean)).toBe(clean);
      }),
    );
  });
});

describe("idForms()", () => {
  test("begins with the id itself", () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        expect(idForms(id)[0]).toBe(id);
      }),
    );
  });

  test.each([
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["gpt-5.2-2025-12-11", "gpt-5.2"],
    ["claude-opus-4-6@default", "claude-opus-4-6"],
    ["models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    ["qwen3:8b-q4_K_M", "qwen3:8b"],
    ["qwen3:latest", "qwen3"],
    ["z-ai/glm-4.5-air:free", "z-ai/glm-4.5-air"],
  ])("%s may be %s", (id, form) => {
    expect(idForms(id)).toContain(form);
  });

  test("does not take a size for a version", () => {
    expect(idForms("qwen3:8b")).toEqual(["qwen3:8b"]);
    expect(idForms("gpt-4.1")).toEqual(["gpt-4.1"]);
  });
});
