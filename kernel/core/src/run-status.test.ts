import { describe, expect, test } from "vitest";

import { isTerminal, remedyOf } from "./run-status.ts";
import { mayRunAgain } from "./side-effect.ts";
import { unreachable } from "./unreachable.ts";

describe("isTerminal()", () => {
  test("is true once nothing more will happen", () => {
    const words = ["created", "running", "waiting", "completed", "failed", "cancelled"] as const;

    expect(words.filter((word) => isTerminal(word))).toEqual(["completed", "failed", "cancelled"]);
  });
});

describe("remedyOf()", () => {
  test("says what to do about every limit, and nothing about an answer", () => {
    const limits = ["limit_steps", "limit_tokens", "limit_cost", "limit_time", "length"] as const;

    for (const reason of limits) expect(remedyOf(reason)).toMatch(/raise|ask for less/u);
    expect(remedyOf("answered")).toBeUndefined();
    expect(remedyOf("error")).toBeUndefined();
  });
});

describe("mayRunAgain()", () => {
  test("allows what reads only and what is safe to repeat, and nothing else", () => {
    const classes = ["pure", "idempotent", "compensable", "irreversible"] as const;

    expect(classes.filter((sideEffect) => mayRunAgain(sideEffect))).toEqual(["pure", "idempotent"]);
  });
});

describe("unreachable()", () => {
  test("names the value that a switch forgot", () => {
    const value: unknown = JSON.parse('"surprise"');

    // @ts-expect-error: a value that is not `never` does not compile
    expect(() => unreachable(value)).toThrow('Unexpected value: "surprise"');
  });
});
