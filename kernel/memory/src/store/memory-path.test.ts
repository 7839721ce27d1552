import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { foldPath, memoryNamespaces, memoryPathNames } from "./memory-path.ts";

describe("memoryPathNames()", () => {
  test("takes no text for a path that some file system reads otherwise", () => {
    const piece = fc.constantFrom(
      "memory",
      "skills",
      "..",
      ".",
      "",
      "a",
      "A.md",
      "~",
      "%2e%2e",
      "\\",
      ":",
      "/",
      " ",
      "\u0000",
      "é",
      "nul",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("/")),
      fc.string({ unit: "binary" }),
    );

    fc.assert(
      fc.property(text, (path) => {
        let names: readonly string[];
        try {
          names = memoryPathNames(path);
        } catch (error) {
          expect(error).toMatchObject({ code: "memory.invalid_path" });
          return;
        }
        expect(names.join("/")).toBe(path);
        expect(memoryNamespaces).toContain(names[0]);
        // What a URL, a POSIX path and a Windows path make of it is the same file.
        expect(new URL(encodeURI(path), "file:///root/").pathname).toBe(`/root/${encodeURI(path)}`);
        for (const name of names) expect(name).not.toMatch(/^\.|[\\/:\p{Cc}]|[. ]$/u);
      }),
      { numRuns: 3_000 },
    );
  });

  test("takes what people write", () => {
    for (const path of [
      "memory/a",
      "memory/notes/2026-01-01 plan.md",
      "skills/x/SKILL.md",
      "agents/größe.md",
      "memory/a#b?".replace("?", "!"),
    ])
      expect(memoryPathNames(path).join("/")).toBe(path);
  });
});

describe("foldPath()", () => {
  test("is the same for names that differ only in case, and only once applied", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(foldPath(name.toUpperCase())).toBe(foldPath(foldPath(name).toUpperCase()));
      }),
    );
    for (const [a = "", b = ""] of [
      ["Straße", "STRASSE"],
      ["ſ", "S"],
      ["K", "k"],
      ["ﬁ", "FI"],
    ])
      expect(foldPath(a)).toBe(foldPath(b));
  });
});
