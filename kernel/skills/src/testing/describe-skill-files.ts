import { describe, expect, test } from "vitest";

import type { SkillFiles } from "../skill-files.ts";

/** Makes a skill of these texts, and removes it when disposed of. */
export type SkillFilesFactory = (
  name: string,
  texts: Readonly<Record<string, string>>,
) => Promise<{ readonly files: SkillFiles } & AsyncDisposable>;

const texts = { "b.md": "B", "SKILL.md": "---\n", "references/deep/ä.md": "ä", "a.txt": "" };
const signal = new AbortController().signal;

/** Checks the contract of the `SkillFiles` port. */
export function describeSkillFiles(name: string, create: SkillFilesFactory): void {
  describe(`SkillFiles: ${name}`, () => {
    test("lists every file with its size, in one order", async () => {
      await using made = await create("sample", texts);

      expect(made.files.name).toBe("sample");
      expect(await made.files.list(signal)).toEqual({
        files: [
          { path: "SKILL.md", bytes: 4 },
          { path: "a.txt", bytes: 0 },
          { path: "b.md", bytes: 1 },
          { path: "references/deep/ä.md", bytes: 2 },
        ],
        refused: [],
      });
    });

    test("reads what it lists, also with ./ before it", async () => {
      await using made = await create("sample", texts);

      for (const path of ["references/deep/ä.md", "./references/deep/ä.md"])
        expect(new TextDecoder().decode(await made.files.read(path, signal))).toBe("ä");
    });

    test("hands out bytes that are the caller's own", async () => {
      await using made = await create("sample", texts);

      (await made.files.read("b.md", signal)).fill(0);

      expect(new TextDecoder().decode(await made.files.read("b.md", signal))).toBe("B");
    });

    test.each(["none.md", "references", "b.md/x", "references/none/x"])("has no file %s", async (path) => {
      await using made = await create("sample", texts);

      await expect(made.files.read(path, signal)).rejects.toMatchObject({
        code: expect.stringMatching(/^skill\.(?:file_not_found|refused_file)$/u),
      });
    });

    test.each(outside)("refuses the path %j", async (path) => {
      await using made = await create("sample", texts);

      await expect(made.files.read(path, signal)).rejects.toMatchObject({ code: "skill.invalid_path" });
    });

    test("stops when it is told to", async () => {
      await using made = await create("sample", texts);
      const stop = AbortSignal.abort(new Error("enough"));

      await expect((async () => await made.files.list(stop))()).rejects.toThrow("enough");
      await expect((async () => await made.files.read("b.md", stop))()).rejects.toThrow("enough");
    });
  });
}

const outside = [
  "",
  ".",
  "..",
  "./",
  "/etc/passwd",
  "../sample/b.md",
  "references/../b.md",
  "references/..",
  "references//deep",
  "references/",
  "././b.md",
  "..\\b.md",
  "C:/b.md",
  "b.md\0",
  "b.md\n",
  "b\u202e.md",
  `${"a/".repeat(300)}b`,
];
