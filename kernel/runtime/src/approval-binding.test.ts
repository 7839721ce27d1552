import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { approvalBinding } from "./approval-binding.ts";

const subject = fc.record({
  tenant: fc.string(),
  effectId: fc.string(),
  tool: fc.string(),
  arguments: fc.string(),
  principal: fc.string(),
  profileHash: fc.string(),
  content: fc.string(),
  expiresAt: fc.string(),
  held: fc.string(),
});

describe("approvalBinding()", () => {
  test("differs whenever anything that was shown differs, and only then", () => {
    fc.assert(
      fc.property(subject, subject, (a, b) => {
        const same = JSON.stringify(Object.entries(a)) === JSON.stringify(Object.entries(b));

        expect(approvalBinding(a) === approvalBinding(b)).toBe(same);
        expect(approvalBinding(a)).toBe(approvalBinding({ ...a }));
      }),
    );
  });

  test("is not fooled by text that moves from one field to the next", () => {
    const base = {
      tenant: "t",
      effectId: "e",
      principal: "p",
      profileHash: "h",
      content: "c",
      expiresAt: "1",
      held: "",
    };

    expect(approvalBinding({ ...base, tool: "ab", arguments: "c" })).not.toBe(
      approvalBinding({ ...base, tool: "a", arguments: "bc" }),
    );
  });
});
