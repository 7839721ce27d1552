import { describe, expect, test } from "vitest";

import { effectsOfSource } from "./source-effects.ts";

describe("effectsOfSource()", () => {
  test("reads the same call once, and again for another home", () => {
    const run = { source: "cat ~/notes", cwd: "/w" };
    const readPaths = (home: string): readonly string[] =>
      effectsOfSource(run, home).flatMap((effect) => (effect.kind === "read" ? [effect.path] : []));

    expect(effectsOfSource(run, "/home/ada")).toBe(effectsOfSource(run, "/home/ada"));
    expect(readPaths("/home/ada")).toEqual(["/home/ada/notes"]);
    expect(readPaths("/home/bob")).toEqual(["/home/bob/notes"]);
    expect(effectsOfSource({ ...run, cwd: "/v" }, "/home/bob")).not.toBe(effectsOfSource(run, "/home/bob"));
  });
});
