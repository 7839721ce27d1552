import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import { createBench } from "./tools.test.support.ts";
import type { ToolBench } from "./tools.test.support.ts";

async function withFiles(files: Readonly<Record<string, string>>): Promise<ToolBench> {
  const bench = createBench();
  for (const [path, file_text] of Object.entries(files))
    expect(await bench.call("memory", { command: "create", path, file_text })).toMatchObject({
      text: `File created successfully at: ${path}`,
      isError: false,
    });
  return bench;
}

const notes = "/memories/notes.txt";

// The messages are those of the provider's documentation, word by word.
describe("the memory tool", () => {
  test("views folders two levels deep with sizes, without node_modules", async () => {
    const bench = await withFiles({
      "/memories/a.txt": "x".repeat(5632),
      "/memories/dir/b.txt": "12345",
      "/memories/dir/deep/c.txt": "123",
      "/memories/node_modules/d.txt": "no",
    });

    expect((await bench.call("memory", { command: "view", path: "/memories" })).text).toBe(
      [
        "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items and node_modules:",
        "5.5K\t/memories",
        "5.5K\t/memories/a.txt",
        "8B\t/memories/dir/",
        "5B\t/memories/dir/b.txt",
        "3B\t/memories/dir/deep/",
      ].join("\n"),
    );
    expect((await bench.call("memory", { command: "view", path: "/memories/dir/" })).text).toContain(
      "3B\t/memories/dir/deep/c.txt",
    );
    expect((await createBench().call("memory", { command: "view", path: "/memories" })).text).toBe(
      "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items and node_modules:\n0B\t/memories",
    );
  });

  test("reads a path of nothing but slashes once, for whoever was told to write it", async () => {
    const path = `/memories${"/".repeat(300_000)}x`;

    expect(await createBench().call("memory", { command: "view", path })).toMatchObject({ isError: true });
    expect((await createBench().call("memory", { command: "view", path: path.slice(0, -1) })).isError).toBe(
      false,
    );
  });

  test("names the lines of ever so many places at once", async () => {
    const bench = await withFiles({ [notes]: "a\n".repeat(100_000) });
    const replace = { command: "str_replace", path: notes, new_str: "b" };

    const many = await bench.call("memory", { ...replace, old_str: "\n" });
    const few = await withFiles({ [notes]: "x\nay\nx a\n" });

    expect(many).toMatchObject({ isError: true, text: expect.stringContaining("in lines: 1, 2, 3, 4,") });
    expect((await few.call("memory", { ...replace, old_str: "a" })).text).toContain("in lines: 2, 3.");
  });

  test("views files with numbers of six characters, whole or in part", async () => {
    const bench = await withFiles({ [notes]: "Hello World\nThis is line two\n\nfour\n" });
    const view = async (...view_range: readonly number[]): Promise<string> =>
      (
        await bench.call("memory", {
          command: "view",
          path: notes,
          ...(view_range.length > 0 ? { view_range } : {}),
        })
      ).text;

    const head = `Here's the content of ${notes} with line numbers:`;
    expect(await view()).toBe(
      `${head}\n     1\tHello World\n     2\tThis is line two\n     3\t\n     4\tfour`,
    );
    expect(await view(2, 3)).toBe(`${head}\n     2\tThis is line two\n     3\t`);
    expect(await view(4, -1)).toBe(`${head}\n     4\tfour`);
    expect(await bench.call("memory", { command: "view", path: "/memories/none" })).toMatchObject({
      text: "The path /memories/none does not exist. Please provide a valid path.",
      isError: true,
    });
  });

  test("creates no file over another one", async () => {
    const bench = await withFiles({ "/memories/dir/a.txt": "first" });

    for (const path of ["/memories/dir/a.txt", "/memories/dir"])
      expect(await bench.call("memory", { command: "create", path, file_text: "second" })).toMatchObject({
        text: `Error: File ${path} already exists`,
        isError: true,
      });
  });

  test("replaces one place, which may have several lines", async () => {
    const bench = await withFiles({ [notes]: "one\ntwo\nthree\nfour\n" });

    const { text } = await bench.call("memory", {
      command: "str_replace",
      path: notes,
      old_str: "two\nthree",
      new_str: "2\n$&\n3",
    });

    expect(text).toBe(
      "The memory file has been edited. Here is the snippet showing the change (with line numbers):\n     1\tone\n     2\t2\n     3\t$&\n     4\t3\n     5\tfour",
    );
    expect((await bench.memory.store.load("memory/files/notes.txt", signal)).text).toBe(
      "one\n2\n$&\n3\nfour\n",
    );
    await bench.call("memory", { command: "str_replace", path: notes, old_str: "\n2" });
    expect((await bench.memory.store.load("memory/files/notes.txt", signal)).text).toBe("one\n$&\n3\nfour\n");
  });

  test("replaces nothing where the text is not there, or more than once, also within a line", async () => {
    const bench = await withFiles({ [notes]: "Hello\nMiddle\nHello\nab ab\n" });
    const replace = async (old_str: string, path = notes): Promise<string> =>
      (await bench.call("memory", { command: "str_replace", path, old_str, new_str: "x" })).text;

    expect(await replace("none")).toBe(
      `No replacement was performed, old_str \`none\` did not appear verbatim in ${notes}.`,
    );
    expect(await replace("Hello")).toBe(
      "No replacement was performed. Multiple occurrences of old_str `Hello` in lines: 1, 3. Please ensure it is unique",
    );
    expect(await replace("ab")).toBe(
      "No replacement was performed. Multiple occurrences of old_str `ab` in lines: 4. Please ensure it is unique",
    );
    expect(await replace("")).toContain("did not appear verbatim");
    for (const path of ["/memories/none.txt", "/memories"])
      expect(await replace("a", path)).toBe(
        `Error: The path ${path} does not exist. Please provide a valid path.`,
      );
  });

  test("inserts behind a line", async () => {
    const bench = await withFiles({ [notes]: "one\ntwo" });
    const insert = async (insert_line: number, insert_text: string, path = notes): Promise<string> =>
      (await bench.call("memory", { command: "insert", path, insert_line, insert_text })).text;

    expect(await insert(1, "between")).toBe(`The file ${notes} has been edited.`);
    expect(await insert(0, "first\n")).toBe(`The file ${notes} has been edited.`);
    expect(await insert(4, "last\n")).toBe(`The file ${notes} has been edited.`);
    expect((await bench.memory.store.load("memory/files/notes.txt", signal)).text).toBe(
      "first\none\nbetween\ntwo\nlast\n",
    );
    for (const line of [-1, 6])
      expect(await insert(line, "x")).toBe(
        `Error: Invalid \`insert_line\` parameter: ${line}. It should be within the range of lines of the file: [0, 5]`,
      );
    expect(await insert(0, "x", "/memories/none")).toBe("Error: The path /memories/none does not exist");
  });

  test("deletes and renames files and folders, and never the root", async () => {
    const bench = await withFiles({ "/memories/d/a": "a", "/memories/d/e/b": "b", "/memories/c": "c" });
    const rename = async (old_path: string, new_path: string): Promise<string> =>
      (await bench.call("memory", { command: "rename", old_path, new_path })).text;
    const remove = async (path: string): Promise<string> =>
      (await bench.call("memory", { command: "delete", path })).text;

    expect(await rename("/memories/d", "/memories/f/g")).toBe(
      "Successfully renamed /memories/d to /memories/f/g",
    );
    expect(await rename("/memories/c", "/memories/f/g/a")).toBe(
      "Error: The destination /memories/f/g/a already exists",
    );
    expect(await rename("/memories/f", "/memories/f/g/h")).toBe(
      "Error: The destination /memories/f/g/h already exists",
    );
    expect(await rename("/memories/none", "/memories/x")).toBe(
      "Error: The path /memories/none does not exist",
    );
    expect(await rename("/memories", "/memories/x")).toContain(
      "Error: Cannot rename the /memories directory itself",
    );
    expect(await remove("/memories/f/g/e")).toBe("Successfully deleted /memories/f/g/e");
    expect(await remove("/memories/none")).toBe("Error: The path /memories/none does not exist");
    expect(await remove("/memories/")).toBe("Error: Cannot delete the /memories directory itself");
    expect((await bench.memory.store.list("memory/", signal)).map(({ path }) => path)).toEqual([
      "memory/files/c",
      "memory/files/f/g/a",
    ]);
  });

  test("stays below /memories, whatever it is asked", async () => {
    const bench = await withFiles({ "/memories/a": "ok" });
    await bench.memory.store.save("memory/notes/secret.md", "SECRET", {}, signal);
    const piece = fc.constantFrom(
      "..",
      ".",
      "",
      "memories",
      "notes",
      "secret.md",
      "a",
      "%2e%2e",
      "\\..",
      "files",
      "~",
    );
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join("/")}`);

    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const { text } = await bench.call("memory", { command: "view", path: asked });
        expect(text).not.toContain("SECRET");
        if (/^\/memories\/.*\.\.(?:\/|$)/u.test(asked) && !asked.includes("\\"))
          expect(text).toBe(`Error: Path ${asked} would escape /memories directory`);
      }),
    );
    expect((await bench.call("memory", { command: "view", path: "/etc/passwd" })).text).toBe(
      "Error: Path must start with /memories, got: /etc/passwd",
    );
  });

  test("makes an effect once, also when it is run again after a crash", async () => {
    const bench = await withFiles({ [notes]: "one\n" });
    const insert = { command: "insert", path: notes, insert_line: 1, insert_text: "two" };

    const first = await bench.call("memory", insert, { effect: "same" });
    const again = await bench.call("memory", insert, { effect: "same" });

    expect(again).toEqual(first);
    expect((await bench.memory.store.load("memory/files/notes.txt", signal)).text).toBe("one\ntwo\n");
  });

  test("keeps no secret, and the memories of tenants apart", async () => {
    const bench = await withFiles({ [notes]: "of acme" });

    const kept = await bench.call("memory", {
      command: "create",
      path: "/memories/key",
      file_text: `ghp_${"a1".repeat(20)}`,
    });
    expect(kept).toMatchObject({
      isError: true,
      text: expect.stringContaining("looks like a secret (github_token)"),
    });
    expect(
      (await bench.call("memory", { command: "view", path: "/memories" }, { tenant: "other" })).text,
    ).toContain("0B\t/memories");
  });

  test("says which command needs what", async () => {
    const bench = createBench();
    for (const args of [
      {},
      { command: "create", path: "/memories/a" },
      { command: "rename", path: "/memories/a" },
      { command: "fly" },
    ])
      expect((await bench.call("memory", args)).isError).toBe(true);
  });
});
