import { describe, expect, it } from "vitest";

import { bash, policyOf } from "./policy.test.support.ts";

/** As long as a command may be that is read at all. */
const longest = 49_000;

// A model may have been told to write them: what is looked through again for each of its characters stops everybody.
describe("decisions about commands that were made to take long", () => {
  it.each([
    ["dots for a program", (length: number) => ".".repeat(length)],
    ["scripts of braces", (length: number) => `sh -c '${"{".repeat(length)}'`],
    ["scripts of expansions", (length: number) => `sh -c '${"${".repeat(length / 2)}'`],
  ])("are made for %s, one after the other", (_, make) => {
    const policy = policyOf({ rules: { deny: ["bash(rm *)"] } });
    const commands = Array.from({ length: 30 }, (_unused, index) => make(longest - 2 * index));

    const decisions = commands.map((command) => policy.decide(bash(command)).decision);

    expect(decisions).not.toContain("allow");
  });
});
