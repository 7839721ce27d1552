import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isAtMost, isLabel, joinLabels, systemLabel, untrusted, userLabel, workspaceLabel } from "./label.ts";
import type { Label } from "./label.ts";

// More names than fit, so that cutting is part of what the laws are tested on.
const names = fc.uniqueArray(
  fc.nat({ max: 60 }).map((n) => `n${n}`),
  { maxLength: 40 },
);

const labels: fc.Arbitrary<Label> = fc
  .record({
    integrity: fc.constantFrom("system", "user", "workspace", "untrusted"),
    origins: names,
    confidentiality: fc.constantFrom("public", "workspace", "secret"),
    secrets: fc.oneof(fc.constant([]), names),
  })
  .map((label) => joinLabels(label));

describe("joinLabels()", () => {
  test("is associative, commutative and idempotent, with systemLabel as its unit", () => {
    fc.assert(
      fc.property(labels, labels, labels, (a, b, c) => {
        expect(joinLabels(joinLabels(a, b), c)).toEqual(joinLabels(a, joinLabels(b, c)));
        expect(joinLabels(a, b)).toEqual(joinLabels(b, a));
        expect(joinLabels(a, b, c)).toEqual(joinLabels(c, joinLabels(b, a)));
        expect(joinLabels(a, a)).toEqual(a);
        expect(joinLabels(a, systemLabel)).toEqual(a);
      }),
    );
  });

  test("never answers a label that is more trusted or less confidential than one of its parts", () => {
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const joined = joinLabels(a, b);

        expect(isAtMost(a, joined) && isAtMost(b, joined)).toBe(true);
      }),
    );
  });

  test("takes content with a named secret for secret", () => {
    expect(joinLabels({ ...systemLabel, secrets: ["NPM_TOKEN"] }).confidentiality).toBe("secret");
  });

  test("keeps 32 origins and says that there were more", () => {
    const many = Array.from({ length: 40 }, (_, index) => untrusted(`web:${String(index).padStart(2, "0")}`));

    const { origins } = joinLabels(...many);

    expect(origins).toHaveLength(33);
    expect([origins[0], origins[31], origins[32]]).toEqual(["web:00", "web:31", "…"]);
  });

  test("takes words of a newer Tau for the worst that it knows", () => {
    const newer: unknown = { integrity: "hostile", origins: [], confidentiality: "sealed", secrets: [] };
    const read: Label = Object.assign({ ...systemLabel }, newer);

    expect(joinLabels(read)).toMatchObject({ integrity: "untrusted", confidentiality: "secret" });
  });
});

describe("untrusted()", () => {
  test("names its origin on one short line of printable characters", () => {
    expect(untrusted("web:example.org")).toEqual({
      integrity: "untrusted",
      origins: ["web:example.org"],
      confidentiality: "public",
      secrets: [],
    });
    const { origins } = untrusted(`file:a\n\u202eb${"x".repeat(500)}`);
    expect(origins[0]).toMatch(/^file:a\?\?bx{191}$/u);
  });
});

describe("isAtMost()", () => {
  test("orders the labels that Tau gives by itself", () => {
    expect(isAtMost(userLabel, workspaceLabel)).toBe(true);
    expect(isAtMost(workspaceLabel, userLabel)).toBe(false);
    expect(isAtMost(untrusted("web:a"), workspaceLabel)).toBe(false);
    expect(isAtMost({ ...systemLabel, secrets: ["a"] }, { ...userLabel, confidentiality: "secret" })).toBe(
      false,
    );
  });
});

describe("isLabel()", () => {
  test("takes every label, also out of JSON, and nothing that lacks a word", () => {
    fc.assert(fc.property(labels, (label) => isLabel(JSON.parse(JSON.stringify(label)))));
    const broken = [
      null,
      7,
      {},
      { ...userLabel, integrity: "root" },
      { ...userLabel, origins: "user" },
      { ...userLabel, secrets: [1] },
      { ...userLabel, confidentiality: undefined },
    ];
    expect(broken.filter(isLabel)).toEqual([]);
  });
});
