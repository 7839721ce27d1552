import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isTauError } from "@tau/core";

import { parseFrontMatter } from "./front-matter.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { skillOf, skillText } from "./skills.test.support.ts";
import { loadSkill } from "./load-skill.ts";

const { signal } = new AbortController();

describe("loadSkill()", () => {
  test("reads every key", async () => {
    const more =
      "license: MIT\ncompatibility: Needs git\nmetadata:\n  version: 1.0\nallowed-tools: Read Bash(git log:*), Grep\n";

    const skill = await skillOf(skillText("sample", "Does it.", more));

    expect(skill).toMatchObject({
      name: "sample",
      description: "Does it.",
      license: "MIT",
      compatibility: "Needs git",
      metadata: { version: "1.0" },
      allowedTools: ["Read", "Bash(git log:*)", "Grep"],
      warnings: [],
    });
  });

  test("lets pass what can be understood, with a warning", async () => {
    const skill = await skillOf(
      skillText("My Skill!", "Reads: PDFs. Use when: asked", "version: 2\n"),
      "other",
    );

    expect(skill).toMatchObject({ name: "my-skill", description: "Reads: PDFs. Use when: asked" });
    expect(skill.warnings.map(({ field }) => field)).toEqual([
      "front matter",
      "name",
      "name",
      "name",
      "version",
    ]);
  });

  test("takes the folder's name where there is none", async () => {
    expect(await skillOf("---\ndescription: Does it.\n---\n", "from-folder")).toMatchObject({
      name: "from-folder",
    });
  });

  test.each([
    ["no description", "---\nname: a\n---\n"],
    ["no front matter", "# Title"],
    ["front matter that nobody can read", "---\n{{{\n---\n"],
    ["a name without letters", "---\nname: '!!'\ndescription: Does it.\n---\n"],
  ])("refuses %s", async (_what, text) => {
    await expect(skillOf(text)).rejects.toMatchObject({ code: "skill.invalid" });
  });

  test("refuses a folder without a SKILL.md, and one that is no text", async () => {
    await expect(loadSkill(createMemoryFiles("a", {}), signal)).rejects.toMatchObject({
      code: "skill.invalid",
    });
    await expect(skillOf("---\n\0")).rejects.toMatchObject({ code: "skill.file_not_text" });
  });

  test("takes allowed-tools that cannot be read as no tools at all", async () => {
    expect(await skillOf(skillText("sample", "Does it.", "allowed-tools: {a: b}\n"))).toMatchObject({
      allowedTools: [],
    });
    expect(await skillOf(skillText("sample", "Does it.", "allowed-tools:\n"))).toMatchObject({
      allowedTools: [],
    });
    expect((await skillOf(skillText("sample", "Does it."))).allowedTools).toBeUndefined();
  });

  test("ends every text with a skill or with a code, and is never led astray by a key", async () => {
    const key = fc.constantFrom(
      "name",
      "description",
      "triggers",
      "metadata",
      "allowed-tools",
      "__proto__",
      "constructor",
      "?",
      "<<",
    );
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom("&a x", "*a", "!!js/function x", "[a, b", "{a: b}", "|", ">-\n  x", "a: b: c"),
    );
    const yaml = fc
      .array(fc.tuple(key, value).map((pair) => pair.join(": ")))
      .map((lines) => lines.join("\n"));
    const text = fc.oneof(
      fc.string(),
      yaml.map((lines) => `---\n${lines}\n---\nBody`),
    );

    await fc.assert(
      fc.asyncProperty(text, async (source) => {
        const skill = await skillOf(source).catch((error: unknown) => error);
        if (isTauError(skill)) expect(skill.code).toMatch(/^skill\./u);
        else
          expect(skill).toMatchObject({
            name: expect.stringMatching(/^[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*-?$/u),
          });
      }),
      { numRuns: 2_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("parseFrontMatter()", () => {
  test("reads back every text that is written as JSON, which is YAML", () => {
    const text = fc.string({ unit: "grapheme" }).filter((one) => one === one.trim());

    fc.assert(
      fc.property(text, text, (description, body) => {
        const written = `---\ndescription: ${JSON.stringify(description)}\n---\n${body}`;
        const parsed = parseFrontMatter(written);
        expect(parsed.faults).toEqual([]);
        expect(parsed.fields.get("description")).toBe(description);
      }),
    );
  });

  test("knows texts only: no dates, numbers or words that mean something else", () => {
    const { fields } = parseFrontMatter("---\na: 2020-01-01\nb: 1.0\nc: no\nd:\n---\n");

    expect([...fields.values()]).toEqual(["2020-01-01", "1.0", "no", ""]);
  });
});

describe("triggers", () => {
  test.each([
    [
      "a list under a key",
      skillText("sample", "Does it.", "triggers: [fill a form, PDF]\n"),
      ["fill a form", "PDF"],
    ],
    [
      "a text under a key",
      skillText("sample", "Does it.", "triggers: fill a form, pdf\n"),
      ["fill a form", "pdf"],
    ],
    ["metadata", skillText("sample", "Does it.", "metadata:\n  triggers: a form; pdf\n"), ["a form", "pdf"]],
    [
      "the description",
      skillText("sample", '"Does it. Triggers: fill a form, .pdf, or v1.5. More text."'),
      ["fill a form", ".pdf", "v1.5"],
    ],
    [
      "a plain description, which is not YAML",
      skillText("sample", "Does it. Triggers: a form, pdf"),
      ["a form", "pdf"],
    ],
    ["quotes", skillText("sample", `'Triggers: "a, b", “c”, d'`), ["a, b", "c", "d"]],
    [
      "a folded description",
      "---\nname: sample\ndescription: |\n  Does it.\n  Triggers: a form,\n  pdf\n\n  Other: text\n---\n",
      ["a form", "pdf"],
    ],
    [
      "all places, each word once",
      skillText("sample", '"Triggers: PDF, form"', "triggers: [pdf]\n"),
      ["PDF", "form"],
    ],
    ["none", skillText("sample", "Pulls triggers."), []],
  ])("come from %s", async (_what, text, triggers) => {
    expect((await skillOf(text)).triggers).toEqual(triggers);
  });
});
