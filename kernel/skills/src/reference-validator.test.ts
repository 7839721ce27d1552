import { expect, test } from "vitest";

import { createMemoryFiles } from "./memory-files.ts";
import { signal, skillText } from "./skills.test.support.ts";
import { validateSkill } from "./validate-skill.ts";

const named = (name: string): string => skillText(name, "A test skill");
const withKeys = (more: string): string => skillText("my-skill", "A test skill", `${more}\n`);
const described = (description: string): string =>
  `---\nname: my-skill\ndescription: ${description}\n---\nBody\n`;

/**
 * What the public reference validator, skills-ref 0.1.5, says of a skill in a folder of this name: both were run on each.
 * It follows the specification: names of 1 to 64 lower-case letters of any language, digits and single hyphens, the same as
 * the folder under NFKC; a description of 1 to 1,024 characters; compatibility of at most 500; no other keys.
 */
const verdicts: readonly (readonly [
  verdict: "valid" | "invalid",
  what: string,
  folder: string,
  text: string,
])[] = [
  ["valid", "the least", "my-skill", named("my-skill")],
  ["valid", "digits", "skill-2", named("skill-2")],
  ["valid", "one letter", "a", named("a")],
  ["valid", "64 characters", "a".repeat(64), named("a".repeat(64))],
  ["invalid", "65 characters", "a".repeat(65), named("a".repeat(65))],
  ["invalid", "capitals", "MySkill", named("MySkill")],
  ["invalid", "a hyphen before", "-my-skill", named("-my-skill")],
  ["invalid", "a hyphen behind", "my-skill-", named("my-skill-")],
  ["invalid", "two hyphens", "my--skill", named("my--skill")],
  ["invalid", "an underscore", "my_skill", named("my_skill")],
  ["invalid", "a space", "my skill", named("my skill")],
  ["invalid", "a dot", "my.skill", named("my.skill")],
  ["invalid", "another folder", "wrong-name", named("correct-name")],
  ["invalid", "no name", "my-skill", "---\ndescription: A test skill\n---\nBody\n"],
  ["invalid", "an empty name", "my-skill", named('""')],
  ["valid", "a number as a name", "7", named("7")],
  ["valid", "Chinese", "技能", named("技能")],
  ["valid", "Russian", "мой-навык", named("мой-навык")],
  ["invalid", "Russian capitals", "НАВЫК", named("НАВЫК")],
  ["valid", "the same under NFKC", "caf\u00e9", named("cafe\u0301")],
  ["invalid", "no description", "my-skill", "---\nname: my-skill\n---\nBody\n"],
  ["invalid", "an empty description", "my-skill", described('""')],
  ["invalid", "a blank description", "my-skill", described('"  "')],
  ["valid", "1,024 characters", "my-skill", described("x".repeat(1_024))],
  ["invalid", "1,025 characters", "my-skill", described("x".repeat(1_025))],
  ["valid", "license and metadata", "my-skill", withKeys("license: MIT\nmetadata:\n  author: Test")],
  ["valid", "a number in metadata", "my-skill", withKeys("metadata:\n  n: 1")],
  ["valid", "compatibility", "my-skill", withKeys("compatibility: Requires Python 3.11+")],
  ["valid", "500 characters of it", "my-skill", withKeys(`compatibility: ${"x".repeat(500)}`)],
  ["invalid", "501 characters of it", "my-skill", withKeys(`compatibility: ${"x".repeat(501)}`)],
  ["invalid", "a key of nobody", "my-skill", withKeys("unknown_field: x")],
  ["invalid", "a version", "my-skill", withKeys('version: "1"')],
  ["invalid", "a key of other programs", "my-skill", withKeys("context: fork")],
  ["invalid", "triggers as a key", "my-skill", withKeys("triggers: [a]")],
  ["valid", "tools as words", "my-skill", withKeys("allowed-tools: Bash(jq:*) Bash(git:*)")],
  ["valid", "tools as a list", "my-skill", withKeys("allowed-tools: [Read, Write]")],
  ["valid", "tools as a number", "my-skill", withKeys("allowed-tools: 123")],
  ["valid", "a number among tools", "my-skill", withKeys("allowed-tools: [Read, 1]")],
  ["invalid", "no front matter", "my-skill", "Body"],
  ["invalid", "a front matter without an end", "my-skill", "---\nname: my-skill\nBody"],
  ["invalid", "a list as front matter", "my-skill", "---\n- a\n- b\n---\nBody\n"],
  ["invalid", "broken YAML", "my-skill", withKeys("  x: [")],
  ["valid", "no body", "my-skill", "---\nname: my-skill\ndescription: A test skill\n---\n"],
];

test.each(verdicts)("says %s of %s, as the reference does", async (verdict, _what, folder, text) => {
  const { valid } = await validateSkill(createMemoryFiles(folder, { "SKILL.md": text }), signal);

  expect(valid).toBe(verdict === "valid");
});

test("differs from the reference in two things: scalars are texts, and metadata is a mapping", async () => {
  const validOf = async (more: string): Promise<boolean> =>
    (await validateSkill(createMemoryFiles("my-skill", { "SKILL.md": withKeys(more) }), signal)).valid;

  expect(await validOf("compatibility: 3")).toBe(true);
  expect(await validOf("metadata: x")).toBe(false);
});
