import { describe, expect, test } from "vitest";

import { defaultPolicy } from "./default-policy.ts";

describe("defaultPolicy", () => {
  test.each([
    ["allow", "pure", [{ kind: "other" }]],
    ["deny", "idempotent", [{ kind: "other" }]],
    ["deny", "irreversible", [{ kind: "other" }]],
    ["deny", "pure", [{ kind: "read", path: "/etc/passwd" }]],
    ["deny", "pure", [{ kind: "other" }, { kind: "network", host: "example.org" }]],
  ] as const)("decides %s on a tool that is %s", (decision, sideEffect, access) => {
    const decided = defaultPolicy.decide({ tool: { name: "t", sideEffect }, access, workspace: "/w" });

    expect(decided.decision).toBe(decision);
  });
});
