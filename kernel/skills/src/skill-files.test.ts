import { link, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createFolderFiles } from "./folder-files.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { skillLimits } from "./skill-files.ts";
import { createFolder, put, signal } from "./skills.test.support.ts";
import { describeSkillFiles } from "./testing/index.ts";

describeSkillFiles("createMemoryFiles()", (name, texts) =>
  Promise.resolve({ files: createMemoryFiles(name, texts), [Symbol.asyncDispose]: () => Promise.resolve() }),
);

describeSkillFiles("createFolderFiles()", async (name, texts) => {
  const base = await mkdtemp(join(tmpdir(), "tau-skill-files-"));
  await put(join(base, name), texts);
  return {
    files: createFolderFiles(join(base, name)),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
});

const secret = "SECRET";

/** A skill beside a secret, with every kind of way that leads to it. */
async function createTrap(): Promise<string> {
  const base = await createFolder({
    "skill/SKILL.md": "ok",
    "skill/in/a.md": "ok",
    "secret.txt": secret,
    "secret/a": secret,
  });
  await symlink("../secret.txt", join(base, "skill/link.md"));
  await symlink(join(base, "secret.txt"), join(base, "skill/absolute.md"));
  await symlink("../secret", join(base, "skill/folder"));
  await symlink("..", join(base, "skill/in/up"));
  await link(join(base, "secret.txt"), join(base, "skill/hard.md"));
  execFileSync("mkfifo", [join(base, "skill/pipe")]);
  return base;
}

describe("createFolderFiles()", () => {
  test("lists links, second names and pipes as refused, and reads none of them", async () => {
    const base = await createTrap();
    const files = createFolderFiles(join(base, "skill"));

    const { files: listed, refused } = await files.list(signal);

    expect(listed.map(({ path }) => path)).toEqual(["SKILL.md", "in/a.md"]);
    expect(refused).toEqual(["absolute.md", "folder", "hard.md", "in/up", "link.md", "pipe"]);
    for (const path of [
      ...refused.filter((one) => one !== "folder" && one !== "in/up"),
      "folder/a",
      "in/up/secret.txt",
    ])
      await expect(files.read(path, signal)).rejects.toMatchObject({ code: "skill.refused_file" });
  });

  test("never hands out a file from outside, whatever the path", async () => {
    const base = await createTrap();
    const files = createFolderFiles(join(base, "skill"));
    const name = fc.constantFrom(
      "..",
      ".",
      "",
      "skill",
      "secret.txt",
      "secret",
      "a",
      "folder",
      "in",
      "up",
      "link.md",
      "%2e%2e",
      "..\\",
      base,
      "hard.md",
      "SKILL.md",
      "a.md",
    );
    const path = fc.oneof(
      fc.array(name, { minLength: 1, maxLength: 7 }).map((names) => names.join("/")),
      fc.string(),
    );

    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const read = await files.read(asked, signal).then(
          (data) => new TextDecoder().decode(data),
          (error: unknown) => error,
        );
        if (typeof read === "string") expect(read).toBe("ok");
        else expect(read).toMatchObject({ code: expect.stringMatching(/^skill\./u) });
      }),
      { numRuns: 2_000 },
    );
  });

  test("refuses a skill whose own folder is a link", async () => {
    const base = await createFolder({ "real/SKILL.md": "ok" });
    await symlink("real", join(base, "link"));
    const files = createFolderFiles(join(base, "link"));

    await expect(files.list(signal)).rejects.toMatchObject({ code: "skill.refused_file" });
    await expect(files.read("SKILL.md", signal)).rejects.toMatchObject({ code: "skill.refused_file" });
  });

  test("tells a file that is missing from one that is refused", async () => {
    const files = createFolderFiles(join(await createTrap(), "skill"));

    for (const path of ["none.md", "in/none.md", "none/a.md"])
      await expect(files.read(path, signal)).rejects.toMatchObject({ code: "skill.file_not_found" });
  });

  test("bounds what it reads", async () => {
    const base = await createFolder({ "big/SKILL.md": "", "deep/1/2/3/4/5/6/7/8/x": "" });
    await writeFile(join(base, "big/data"), new Uint8Array(skillLimits.fileBytes + 1));

    for (const skill of ["big", "deep"])
      await expect(createFolderFiles(join(base, skill)).list(signal)).rejects.toMatchObject({
        code: "skill.too_large",
      });
    await expect(createFolderFiles(join(base, "big")).read("data", signal)).rejects.toMatchObject({
      code: "skill.too_large",
    });
  });

  test("says that there is no such folder", async () => {
    const base = await createFolder({});

    await expect(createFolderFiles(join(base, "none")).list(signal)).rejects.toMatchObject({
      code: "skill.not_found",
    });
  });
});
