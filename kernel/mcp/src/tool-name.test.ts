import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { assertServerName, toToolName } from "./tool-name.ts";

describe("assertServerName()", () => {
  test("takes letters and digits with single separators between them", () => {
    for (const name of ["github", "git-hub", "git_hub2", "A", "a".repeat(32)]) {
      expect(() => assertServerName(name)).not.toThrow();
    }
  });

  test("refuses what could be taken for another server's tool", () => {
    for (const name of ["", "a__b", "_a", "a_", "a-", "a.b", "a b", "ä", "a".repeat(33)]) {
      expect(() => assertServerName(name)).toThrow(expect.objectContaining({ code: "mcp.invalid_name" }));
    }
  });
});

describe("toToolName()", () => {
  test("puts the server's name in front", () => {
    expect(toToolName("github", "create_issue")).toBe("github__create_issue");
  });

  test("keeps apart what would look the same once providers accept it", () => {
    const names = ["repo.list", "repo/list", "repo list", "repo_list", "x".repeat(70), "x".repeat(71), ""];

    const seen = names.map((name) => toToolName("github", name));

    expect(new Set(seen).size).toBe(names.length);
    expect(toToolName("github", "repo.list")).toMatch(/^github__repo_list_[0-9a-f]{8}$/);
  });

  test("gives a name that every provider accepts, from which the server can be read", () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9]{1,10}$/);
    const server = fc.oneof(
      part,
      fc.tuple(part, part).map((parts) => parts.join("_")),
    );

    fc.assert(
      fc.property(server, fc.string({ unit: "binary", maxLength: 200 }), (name, tool) => {
        const full = toToolName(name, tool);

        expect(full).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        expect(full.slice(0, full.indexOf("__"))).toBe(name);
      }),
    );
  });
});
