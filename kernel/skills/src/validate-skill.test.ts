import { symlink } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createFolderFiles } from "./folder-files.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { createFolder, signal, skillText } from "./skills.test.support.ts";
import { validateSkill } from "./validate-skill.ts";
import type { SkillReport } from "./validate-skill.ts";

async function reportOn(
  text: string,
  folder = "pdf",
  more: Readonly<Record<string, string>> = {},
): Promise<SkillReport> {
  return await validateSkill(createMemoryFiles(folder, { "SKILL.md": text, ...more }), signal);
}

/** The fields at fault, with their reasons. */
async function faultsOf(text: string, folder?: string): Promise<readonly string[]> {
  const { valid, faults } = await reportOn(text, folder);
  expect(valid).toBe(faults.length === 0);
  expect(faults.every(({ fix }) => fix !== "")).toBe(true);
  return faults.map(({ field, reason }) => `${field} ${reason}`);
}

const full = `license: Apache-2.0
compatibility: Needs python
metadata:
  author: example
  version: 1.0
allowed-tools:
  - Read
  - Bash(git:*)
`;

describe("validateSkill()", () => {
  test.each([
    ["the least there is", skillText("pdf", "Reads PDFs.")],
    ["every key", skillText("pdf", "Reads PDFs.", full)],
    ["allowed-tools as a text", skillText("pdf", "Reads.", "allowed-tools: Read Bash(git:*)\n")],
    [
      "line ends of Windows and a byte order mark",
      `\uFEFF${skillText("pdf", "Reads.").replaceAll("\n", "\r\n")}`,
    ],
    ["a description of 1,024 characters", skillText("pdf", "😀".repeat(1_024))],
    ["a folded description", "---\nname: pdf\ndescription: >\n  Reads: all\n  of them.\n---\nBody\n"],
  ])("accepts %s", async (_what, text) => {
    expect(await faultsOf(text)).toEqual([]);
  });

  test("accepts letters of every language, and names that are the same under NFKC", async () => {
    expect(await faultsOf(skillText("données-日本", "Reads."), "données-日本")).toEqual([]);
    expect(await faultsOf(skillText("ﬁle", "Reads."), "file")).toEqual([]);
  });

  test("names every fault at once, each with what to do", async () => {
    const text = skillText(
      "-PDF--x_",
      `"${"x".repeat(1_025)}"`,
      "license: [a]\ncompatibility: {}\nmetadata: x\nallowed-tools: {}\nversion: 1\n",
    );

    expect(await faultsOf(text)).toEqual([
      "name has capital letters",
      "name begins or ends with a hyphen",
      "name has two hyphens in a row",
      "name has other characters than letters, digits and hyphens",
      'name is not the name of its folder, "pdf"',
      "description has 1025 characters, more than 1024",
      "license is not a text",
      "compatibility is not a text",
      "metadata is not a mapping",
      "allowed-tools is neither a text nor a list of texts",
      "version is no key of the specification, which has name, description, license, compatibility, metadata, allowed-tools",
    ]);
  });

  test.each([
    ["no front matter", "# PDF", ["front matter is missing"]],
    ["no end of it", "---\nname: pdf\n", ["front matter does not end"]],
    ["an empty one", "---\n---\n", ["front matter is not a YAML mapping: it has no keys"]],
    [
      "no name and no description",
      "---\nlicense: MIT\n---\n",
      ["name is missing or not a text", "description is missing or not a text"],
    ],
    ["an empty description", skillText("pdf", '" "'), ["description is missing or not a text"]],
    [
      "a long name",
      skillText("p".repeat(65), "Reads."),
      ["name has 65 characters, more than 64", 'name is not the name of its folder, "pdf"'],
    ],
    [
      "a long compatibility",
      skillText("pdf", "Reads.", `compatibility: ${"x".repeat(501)}\n`),
      ["compatibility has 501 characters, more than 500"],
    ],
    [
      "metadata that is nested",
      skillText("pdf", "Reads.", "metadata:\n  a: [b]\n"),
      ["metadata.a is not a text"],
    ],
  ])("finds %s", async (_what, text, faults) => {
    expect(await faultsOf(text)).toEqual(faults);
  });

  test.each([
    ["a colon in a plain value", skillText("pdf", "Reads: PDFs. Use when: asked"), /not a YAML mapping/u],
    ["a key that is there twice", skillText("pdf", "Reads.", "name: pdf\n"), /not a YAML mapping/u],
    [
      "lists in lists",
      skillText("pdf", "Reads.", `x: ${"[".repeat(5_000)}${"]".repeat(5_000)}\n`),
      /it is nested too deeply/u,
    ],
    ["an alias", skillText("pdf", "&a Reads.", "license: *a\n"), /not a YAML mapping/u],
    [
      "a front matter of megabytes",
      skillText("pdf", "Reads.", `# ${"x".repeat(70_000)}\n`),
      /longer than 16000/u,
    ],
  ])("finds %s", async (_what, text, fault) => {
    expect((await faultsOf(text))[0]).toMatch(fault);
  });

  test("says how a triggers key reaches other programs, too", async () => {
    const { faults } = await reportOn(skillText("pdf", "Reads.", "triggers: [pdf]\n"));

    expect(faults).toMatchObject([{ field: "triggers", fix: expect.stringContaining("Tau reads it") }]);
  });

  test("says that there is no SKILL.md, and takes one in lower case", async () => {
    const none = await validateSkill(createMemoryFiles("pdf", { "README.md": "" }), signal);
    expect(none).toMatchObject({
      valid: false,
      faults: [{ field: "file", reason: expect.stringContaining("no SKILL.md") }],
    });

    const lower = createMemoryFiles("pdf", { "skill.md": skillText("pdf", "Reads.") });
    expect((await validateSkill(lower, signal)).valid).toBe(true);
  });

  test("advises about what the specification only recommends", async () => {
    const body = `See [forms](references/forms.md), [here](./there.md) and [web](https://example.org/a.md).${"\nline".repeat(500)}\u{e0041}`;

    const { valid, advice } = await reportOn(skillText("pdf", "Reads.", "", body), "pdf", { "there.md": "" });

    expect(valid).toBe(true);
    expect(advice.map(({ reason }) => reason)).toEqual([
      "has 501 lines, more than 500",
      "has 1 characters that nobody sees",
      'links to "references/forms.md", which is not there',
    ]);
    expect((await reportOn(skillText("pdf", "Reads.", "", ""))).advice).toMatchObject([
      { reason: "is empty" },
    ]);
    expect((await reportOn(skillText("pdf", "Reads.", "", "word ".repeat(5_000)))).advice).toMatchObject([
      { reason: expect.stringMatching(/^has about 6250 tokens/u) },
    ]);
  });

  test("advises about files that are never read", async () => {
    const base = await createFolder({ "pdf/SKILL.md": skillText("pdf", "Reads.") });
    await symlink("/etc/passwd", join(base, "pdf/link"));

    const { valid, advice } = await validateSkill(createFolderFiles(join(base, "pdf")), signal);

    expect(valid).toBe(true);
    expect(advice).toMatchObject([{ field: "file", reason: expect.stringContaining('"link"') }]);
  });
});
