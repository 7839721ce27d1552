import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, test } from "vitest";

import { builtInTools } from "../builtin/built-in-tools.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import { createWorkbench } from "../builtin/builtin.test.support.ts";
import type { Workbench } from "../builtin/builtin.test.support.ts";
import { createApplyPatchTool } from "./apply-patch-tool.ts";
import { parsePatch } from "./parse-patch.ts";
import { editDialectOf } from "./edit-dialect.ts";
import { createStrReplaceTool } from "./str-replace-tool.ts";

interface Dialect extends Workbench {
  patch(...lines: readonly string[]): Promise<string>;
  edit(input: object): Promise<string>;
}

async function open(files: Readonly<Record<string, string>>, read = Object.keys(files)): Promise<Dialect> {
  const bench = await createWorkbench(files);
  for (const path of read) await bench.use("read", { path });
  const registry = createToolRegistry({ tools: [createApplyPatchTool(), createStrReplaceTool()] });
  const use = async (tool: string, input: object): Promise<string> =>
    resultText((await registry.execute(toolCall(tool, input), bench.context)).result);
  return {
    ...bench,
    patch: async (...lines) =>
      await use("apply_patch", { patch: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") }),
    edit: async (input) => await use("str_replace_based_edit_tool", input),
  };
}

const twice = "class A:\n  def run():\n    pass\nclass B:\n  def run():\n    pass\n";

describe("apply_patch", () => {
  it("adds, changes, moves and deletes files in one go", async () => {
    const bench = await open({ "a.txt": "one\ntwo\nthree\n", "b.txt": "b\n", "c.txt": "c\r\nd\r\n" });
    const said = await bench.patch(
      "*** Update File: a.txt",
      "@@",
      " one",
      "-two",
      "+TWO",
      "*** Add File: sub/new.txt",
      "+new",
      "+",
      "*** Delete File: b.txt",
      "*** Update File: c.txt",
      "*** Move to: moved.txt",
      "-d",
      "+D",
    );
    expect(said).toMatch(
      /Edited a\.txt[^]*Created sub\/new\.txt[^]*Deleted b\.txt[^]*Moved c\.txt to moved\.txt/,
    );
    expect(await bench.get("a.txt")).toBe("one\nTWO\nthree\n");
    expect(await bench.get("sub/new.txt")).toBe("new\n\n");
    expect(await bench.get("moved.txt")).toBe("c\r\nD\r\n");
    await expect(bench.get("b.txt")).rejects.toThrow("ENOENT");
    await expect(bench.get("c.txt")).rejects.toThrow("ENOENT");
  });

  it("changes nothing when one part does not fit", async () => {
    const bench = await open({ "a.txt": "one\n", "b.txt": "two\n" });
    const said = await bench.patch(
      "*** Update File: a.txt",
      "-one",
      "+ONE",
      "*** Update File: b.txt",
      "-three",
      "+THREE",
    );
    expect(said).toMatch(/^edit\.no_match/);
    expect(await bench.get("a.txt")).toBe("one\n");
  });

  it("takes back what it did when a later file cannot be written", async () => {
    const bench = await open({ "a.txt": "one\n", ".git/hooks/x": "hook\n" });
    const said = await bench.patch(
      "*** Update File: a.txt",
      "-one",
      "+ONE",
      "*** Add File: new.txt",
      "+new",
      "*** Delete File: .git/hooks/x",
    );
    expect(said).toMatch(/^environment\.denied/);
    expect(await bench.get("a.txt")).toBe("one\n");
    expect(await bench.get(".git/hooks/x")).toBe("hook\n");
    await expect(bench.get("new.txt")).rejects.toThrow("ENOENT");
  });

  it("wants to know which of several places is meant", async () => {
    const bench = await open({ "a.py": twice });
    const lines = ["-    pass", "+    return 1"];
    expect(await bench.patch("*** Update File: a.py", ...lines)).toMatch(/^edit\.ambiguous.*lines 3, 6/);
    await bench.patch("*** Update File: a.py", "@@ class B:", "@@ def run():", ...lines);
    expect(await bench.get("a.py")).toBe(twice.replace(/pass\n$/, "return 1\n"));
    expect(await bench.patch("*** Update File: a.py", "@@ class C:", ...lines)).toMatch(
      /^edit\.no_match.*class C/,
    );
  });

  it("adds lines behind an anchor or at the end, also of a file without a last newline", async () => {
    const bench = await open({ "a.txt": "one\ntwo", "b.txt": "x\nend" });
    await bench.patch("*** Update File: a.txt", "@@ one", "+between", "@@", "+last");
    expect(await bench.get("a.txt")).toBe("one\nbetween\ntwo\nlast\n");
    await bench.patch("*** Update File: b.txt", "-end", "+END", "*** End of File");
    expect(await bench.get("b.txt")).toBe("x\nEND");
  });

  it("refuses what was not read, what is there already, and what it cannot read", async () => {
    const bench = await open({ "a.txt": "one\n", "b.txt": "two\n" }, ["b.txt"]);
    expect(await bench.patch("*** Update File: a.txt", "-one", "+1")).toMatch(/^file\.unread/);
    expect(await bench.patch("*** Delete File: a.txt")).toMatch(/^file\.unread/);
    expect(await bench.patch("*** Add File: a.txt", "+x")).toMatch(/^environment\.exists/);
    await bench.put("b.txt", "changed\n");
    expect(await bench.patch("*** Delete File: b.txt")).toMatch(/^file\.stale/);
    const broken = [
      [],
      ["*** Update File: b.txt"],
      ["*** Update File: b.txt", "?x"],
      ["*** Add File: c.txt", "x"],
      ["*** Update File: b.txt", " context only"],
      ["nonsense"],
      ["*** Delete File: b.txt", "*** Delete File: b.txt"],
    ];
    for (const lines of broken) {
      const patch = ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
      expect(() => parsePatch(patch)).toThrow(expect.objectContaining({ code: "edit.invalid_patch" }));
      expect(await bench.patch(...lines)).toContain("cannot be read at line ");
    }
  });

  it("names every file that it would write to the permissions", () => {
    const patch =
      "*** Begin Patch\n*** Update File: a\n*** Move to: b\n-x\n+y\n*** Delete File: /c\n*** End Patch";
    const tool = createApplyPatchTool();
    expect(tool.access({ patch }, "/w")).toEqual(
      ["/w/a", "/w/b", "/c"].map((path) => ({ kind: "write", path })),
    );
    expect(tool.access({ patch: "broken" }, "/w")).toEqual([{ kind: "other" }]);
  });
});

describe("str_replace_based_edit_tool", () => {
  it("views with line numbers, and counts that as read", async () => {
    const bench = await open({ "a.txt": "one\ntwo\nthree\n" }, []);
    expect(await bench.edit({ command: "view", path: "a.txt", view_range: [2, -1] })).toBe(
      "     2\ttwo\n     3\tthree",
    );
    await bench.edit({ command: "str_replace", path: "a.txt", old_str: "two", new_str: "2" });
    expect(await bench.get("a.txt")).toBe("one\n2\nthree\n");
    expect(await bench.edit({ command: "view", path: "a.txt", view_range: [9, 10] })).toContain("3 lines");
    expect(await bench.edit({ command: "view", path: "." })).toContain("a.txt");
  });

  it("creates, inserts behind a line and keeps line ends and mode", async () => {
    const bench = await open({ "a.txt": "one\r\ntwo" });
    await chmod(join(bench.workspace, "a.txt"), 0o755);
    await bench.edit({ command: "insert", path: "a.txt", insert_line: 0, insert_text: "zero" });
    await bench.edit({ command: "insert", path: "a.txt", insert_line: 3, insert_text: "three\n" });
    expect(await bench.get("a.txt")).toBe("zero\r\none\r\ntwo\r\nthree\r\n");
    expect((await stat(join(bench.workspace, "a.txt"))).mode & 0o777).toBe(0o755);
    await bench.edit({ command: "create", path: "b.txt", file_text: "b" });
    expect(await bench.get("b.txt")).toBe("b");
    expect(
      await bench.edit({ command: "insert", path: "b.txt", insert_line: 9, insert_text: "x" }),
    ).toContain("has 1 lines");
    expect(await bench.edit({ command: "create", path: "c.txt" })).toContain("file_text: is missing");
  });

  it("refuses texts that are not unique, as edit does", async () => {
    const bench = await open({ "a.py": twice });
    const said = await bench.edit({ command: "str_replace", path: "a.py", old_str: "pass", new_str: "x" });
    expect(said).toMatch(/^edit\.ambiguous/);
  });

  it("reads or writes to the permissions, by its command", () => {
    const tool = createStrReplaceTool();
    expect(tool.access({ command: "view", path: "a" }, "/w")).toEqual([{ kind: "read", path: "/w/a" }]);
    expect(tool.access({ command: "create", path: "a" }, "/w")).toEqual([{ kind: "write", path: "/w/a" }]);
  });
});

test("editDialectOf() knows what models were taught", () => {
  const ids = [
    "gpt-5.2-codex",
    "openai/gpt-4.1",
    "claude-opus-4-7",
    "anthropic/claude-sonnet-5",
    "qwen3-coder",
  ];
  expect(ids.map((id) => editDialectOf({ id }))).toEqual([
    "apply_patch",
    "apply_patch",
    "str_replace",
    "str_replace",
    "edit",
  ]);
  const names = builtInTools({ editDialect: "apply_patch" }).map((tool) => tool.name);
  expect(names).toContain("apply_patch");
  expect(names).not.toContain("edit");
});

describe("notebook_edit", () => {
  const notebook = JSON.stringify(
    {
      cells: [{ cell_type: "code", source: ["a = 1"], outputs: [{}], execution_count: 3, metadata: {} }],
      nbformat: 4,
    },
    undefined,
    1,
  );

  it("goes by the numbers of the cells that read shows, with their outputs", async () => {
    const outputs = [
      { output_type: "stream", text: ["\u001b[31mhello\u001b[0m\n", "you\n"] },
      { output_type: "execute_result", data: { "text/plain": "42", "image/png": "iVBOR" } },
      { output_type: "error", traceback: ["Traceback", "ValueError: no"] },
    ];
    const cells = [
      { cell_type: "markdown", source: "# Title" },
      { cell_type: "code", source: ["print(1)\n", "42"], outputs },
    ];
    const bench = await open({ "n.ipynb": JSON.stringify({ cells, nbformat: 4 }), "m.ipynb": "not JSON" });
    const shown = await bench.use("read", { path: "n.ipynb" });
    expect(shown).toContain(
      "[cell 1: markdown]\n# Title\n\n[cell 2: code]\nprint(1)\n42\n[output of cell 2]\nhello\nyou\n",
    );
    expect(shown).toContain("42\n(also as image/png)");
    expect(shown).toContain("Traceback\nValueError: no");
    expect(shown).not.toContain("iVBOR");
    expect(await bench.use("read", { path: "m.ipynb" })).toContain("not JSON");
  });

  it("replaces, inserts and deletes cells and keeps the rest", async () => {
    const bench = await open({ "n.ipynb": notebook });
    const run = async (input: object): Promise<unknown> => {
      await bench.use("notebook_edit", { path: "n.ipynb", ...input });
      return JSON.parse(await bench.get("n.ipynb"));
    };
    expect(await run({ cell: 1, source: "b = 2\nb" })).toMatchObject({
      nbformat: 4,
      cells: [{ source: ["b = 2\n", "b"], outputs: [], execution_count: null }],
    });
    expect(await run({ cell: 0, action: "insert", type: "markdown", source: "# T" })).toMatchObject({
      cells: [{ cell_type: "markdown", source: ["# T"] }, { cell_type: "code" }],
    });
    expect(await run({ cell: 2, action: "delete" })).toMatchObject({ cells: [{ cell_type: "markdown" }] });
    const wrong = await bench.use("notebook_edit", { path: "n.ipynb", cell: 7, source: "x" });
    expect(wrong).toContain("cells 1 to 1");
  });

  it("refuses what is no notebook, and what was not read", async () => {
    const bench = await open({ "n.ipynb": "[]", "m.ipynb": notebook }, ["n.ipynb"]);
    expect(await bench.use("notebook_edit", { path: "n.ipynb", cell: 1, source: "x" })).toMatch(
      /^file\.not_text/,
    );
    expect(await bench.use("notebook_edit", { path: "m.ipynb", cell: 1, source: "x" })).toMatch(
      /^file\.unread/,
    );
  });
});
