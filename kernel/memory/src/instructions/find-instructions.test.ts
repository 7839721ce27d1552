import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createFolder, signal } from "../memory.test.support.ts";
import { findInstructions } from "./find-instructions.ts";
import { fitInstructions } from "./fit-instructions.ts";
import { instructionEntries } from "./instructions.ts";

async function put(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function createProject(files: Readonly<Record<string, string>>): Promise<string> {
  const base = await createFolder();
  await put(base, {
    "AGENTS.md": "above the project",
    "project/.git/HEAD": "",
    ...prefixed("project/", files),
  });
  return join(base, "project");
}

function prefixed(prefix: string, files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${prefix}${path}`, text]));
}

describe("findInstructions()", () => {
  test("reads those of the person, then the project's from its root down, nothing above and nothing beside", async () => {
    const project = await createProject({
      "AGENTS.md": "root",
      "CLAUDE.md": "root claude",
      "packages/a/GEMINI.md": "a",
      "packages/a/.tau/instructions.md": "a tau",
      "packages/b/AGENTS.md": "beside",
    });
    const home = await createFolder();
    await put(home, { "tau/AGENTS.md": "mine" });

    const { files } = await findInstructions({
      cwd: join(project, "packages/a"),
      userFiles: [join(home, "tau/AGENTS.md"), join(home, "none/AGENTS.md")],
      signal,
    });

    expect(files.map(({ name, text }) => [name, text])).toEqual([
      ["~/…/AGENTS.md", "mine"],
      ["AGENTS.md", "root"],
      ["CLAUDE.md", "root claude"],
      ["packages/a/GEMINI.md", "a"],
      ["packages/a/.tau/instructions.md", "a tau"],
    ]);
  });

  test("vouches for what the person wrote and for the very text that the person trusted", async () => {
    const project = await createProject({ "AGENTS.md": "trusted", "sub/AGENTS.md": "not yet" });

    const chain = await findInstructions({
      cwd: join(project, "sub"),
      trusts: ({ text }) => Promise.resolve(text === "trusted"),
      signal,
    });

    expect(instructionEntries(chain)).toEqual([
      {
        key: "instructions:AGENTS.md",
        content: "trusted",
        contentType: "text/markdown",
        label: {
          integrity: "workspace",
          origins: ["file:AGENTS.md"],
          confidentiality: "workspace",
          secrets: [],
        },
      },
      {
        key: "instructions:sub/AGENTS.md",
        content: "not yet",
        contentType: "text/markdown",
        label: {
          integrity: "untrusted",
          origins: ["file:sub/AGENTS.md"],
          confidentiality: "workspace",
          secrets: [],
        },
      },
    ]);
  });

  test("follows no link of a project, and reads one text once", async () => {
    const project = await createProject({
      "AGENTS.md": "the same\n",
      "CLAUDE.md": "@AGENTS.md\n",
      "a/AGENTS.md": " the same",
      "a/b/CLAUDE.md": "  ",
    });
    const secret = join(dirname(project), "secret");
    await put(dirname(project), { secret: "SECRET", "outside/AGENTS.md": "SECRET" });
    await symlink(secret, join(project, "GEMINI.md"));
    await link(secret, join(project, "a/GEMINI.md"));
    await symlink(join(dirname(project), "outside"), join(project, ".tau"));

    const { files, skipped } = await findInstructions({ cwd: join(project, "a/b"), signal });

    expect(files.map(({ name }) => name)).toEqual(["AGENTS.md"]);
    expect(skipped.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      "CLAUDE.md: it only names AGENTS.md",
      "GEMINI.md: it is a link, which is not followed",
      ".tau/instructions.md: it is a link, which is not followed",
      "a/AGENTS.md: it says the same as AGENTS.md",
      "a/GEMINI.md: it has a second name, and may be a file from anywhere",
      "a/b/CLAUDE.md: it is empty",
    ]);
  });

  test("takes the folder for the project where no project is", async () => {
    const base = await createFolder();
    await put(base, {
      "AGENTS.md": "above",
      "work/AGENTS.md": "here",
      "work/CLAUDE.md/x": "",
      "work/GEMINI.md": "\u{FFFD}",
    });
    await writeFile(join(base, "work/GEMINI.md"), new Uint8Array([0xff, 0x41]));

    const { files, skipped } = await findInstructions({ cwd: join(base, "work"), signal });

    expect(files.map(({ text }) => text)).toEqual(["here"]);
    expect(skipped.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      "CLAUDE.md: it is no regular file",
      "GEMINI.md: it is not UTF-8 text",
    ]);
  });

  test("clips what is far before what is near, and says so", async () => {
    const project = await createProject({
      "AGENTS.md": `far\n${"x".repeat(40_000)}`,
      "sub/AGENTS.md": "near\n".repeat(1_000),
    });

    const { files } = await findInstructions({ cwd: join(project, "sub"), maxBytes: 10_000, signal });

    const [far, near] = files;
    expect(near).toMatchObject({ isClipped: false, bytes: 5_000 });
    expect(far).toMatchObject({ isClipped: true, bytes: 40_004 });
    expect(far?.text).toMatch(
      /^far\nx+\n\[Clipped: 49\d\d of 40004 bytes are shown\. Read AGENTS\.md for the rest\.\]$/u,
    );
    expect(Buffer.byteLength(files.map(({ text }) => text).join(""))).toBeLessThanOrEqual(10_000);
  });
});

describe("fitInstructions()", () => {
  test("never takes more than there is, but for the lines that say what is missing", () => {
    const label = { integrity: "user", origins: [], confidentiality: "public", secrets: [] } as const;
    const piece = fc
      .string({ unit: "grapheme", maxLength: 300 })
      .filter((one) => !/\uFFFD|^\[Clipped/u.test(one));
    const texts = fc.array(piece, { maxLength: 6 });

    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 2_000 }), (all, maxBytes) => {
        const found = all.map((text, index) => ({
          path: `/${index}`,
          name: String(index),
          level: "project" as const,
          text,
          bytes: Buffer.byteLength(text),
          label,
        }));

        const fitted = fitInstructions(found, maxBytes);

        const shown = fitted.filter(({ text }) => !text.startsWith("[Clipped: 0 of"));
        expect(Buffer.byteLength(shown.map(({ text }) => text).join(""))).toBeLessThanOrEqual(maxBytes);
        expect(fitted.map(({ name }) => name)).toEqual(found.map(({ name }) => name));
        for (const { text } of fitted) expect(text).not.toContain("\uFFFD");
      }),
    );
  });
});
