import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { createWorkbench } from "./builtin.test.support.ts";

const numbered = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`).join("\n");

describe("edit", () => {
  it("replaces unique texts, several at once, and shows the diff", async () => {
    const bench = await createWorkbench({ "a.ts": "const a = 1;\nconst b = 2;\nconst c = 3;\n" });
    await bench.use("read", { path: "a.ts" });
    const run = await bench.run("edit", {
      path: "a.ts",
      edits: [
        { old: "c = 3", new: "c = $&$1$$" },
        { old: "const a = 1;\n", new: "" },
      ],
    });
    expect(run.result.content[0]).toMatchObject({
      text: expect.stringMatching(/^Edited a\.ts in 2 places \(\+1 -2 lines, sha256 \w{12}\)\.$/),
    });
    expect(await bench.get("a.ts")).toBe("const b = 2;\nconst c = $&$1$$;\n");
    expect(run.details["diff"]).toContain("-const a = 1;");
  });

  it("changes nothing unless every edit fits", async () => {
    const bench = await createWorkbench({ "a.txt": "one\ntwo\ntwo\n" });
    await bench.use("read", { path: "a.txt" });
    const edits = async (...list: readonly object[]): Promise<string> =>
      await bench.use("edit", { path: "a.txt", edits: list });
    const codeOf = async (...list: readonly object[]): Promise<string | undefined> =>
      (await bench.run("edit", { path: "a.txt", edits: list })).code;
    expect(await edits({ old: "one", new: "1" }, { old: "two", new: "2" })).toMatch(
      /^edit\.ambiguous: edits\[1\]: "old" is in a\.txt 2 times, at lines 2, 3; .*replaceAll/,
    );
    expect(await edits({ old: "one\ntwo", new: "1" }, { old: "ne", new: "2" })).toMatch(
      /^edit\.overlap: .*line 1/,
    );
    expect(await edits({ old: "", new: "x" })).toMatch(/^edit\.empty: .*use write/);
    expect(await codeOf({ old: "one", new: "one" })).toBe("edit.no_change");
    expect(await codeOf({ old: "", new: "x" })).toBe("edit.empty");
    expect(await codeOf({ old: "one\ntwo", new: "1" }, { old: "ne", new: "2" })).toBe("edit.overlap");
    expect(await codeOf({ old: "three", new: "3" })).toBe("edit.no_match");
    expect(await edits({ odl: "one", new: "x" })).toContain('did you mean "old"');
    expect(await bench.get("a.txt")).toBe("one\ntwo\ntwo\n");
    expect(await edits({ old: "two", new: "2", replaceAll: true })).toContain("in 2 places");
    expect(await bench.get("a.txt")).toBe("one\n2\n2\n");
  });

  it("shows the closest places when a text is not there", async () => {
    const bench = await createWorkbench({
      "a.ts": "function add(a, b) {\n  return a + b;\n}\n\nfunction sub(a, b) {\n  return a - b;\n}\n",
    });
    await bench.use("read", { path: "a.ts" });
    const answer = await bench.use("edit", {
      path: "a.ts",
      edits: [{ old: "function add(x, b) {\n  return x + b;", new: "" }],
    });
    expect(answer).toMatch(
      /^edit\.no_match: "old" is not in a\.ts\. The closest places are:\nlines 1-2 \(\d+ % alike\)/,
    );
    expect(answer).toContain("function add(a, b) {\n  return a + b;");
    expect(answer).toContain("lines 5-6");
  });

  it("accepts trailing white space and typographic characters in one unique place, and says so", async () => {
    const bench = await createWorkbench({ "a.md": "It\u2019s \u201cfine\u201d \nnext\n" });
    await bench.use("read", { path: "a.md" });
    const answer = await bench.use("edit", { path: "a.md", edits: [{ old: `It's "fine"`, new: "Good" }] });
    expect(answer).toContain("was not in the file exactly");
    expect(await bench.get("a.md")).toBe("Good\nnext\n");
    const twice = await createWorkbench({ "a.md": "x \nx  \n" });
    await twice.use("read", { path: "a.md" });
    expect((await twice.run("edit", { path: "a.md", edits: [{ old: "x\t", new: "y" }] })).code).toBe(
      "edit.ambiguous",
    );
  });

  it("keeps CRLF, the byte order mark, a missing last newline and the mode", async () => {
    const bench = await createWorkbench({ "dos.txt": "\ufeffone\r\ntwo\r\nthree" });
    await chmod(join(bench.workspace, "dos.txt"), 0o750);
    await bench.use("read", { path: "dos.txt" });
    await bench.use("edit", { path: "dos.txt", edits: [{ old: "one\ntwo", new: "1\n2\n2.5" }] });
    expect(await bench.get("dos.txt")).toBe("\ufeff1\r\n2\r\n2.5\r\nthree");
    expect((await stat(join(bench.workspace, "dos.txt"))).mode & 0o777).toBe(0o750);
  });

  it("wants to have read the file, and refuses what is not UTF-8 text", async () => {
    const bench = await createWorkbench({ "a.txt": "one" });
    const edits = [{ old: "one", new: "1" }];
    expect((await bench.run("edit", { path: "a.txt", edits })).code).toBe("file.unread");
    await bench.put("latin.txt", Buffer.from([0x6f, 0x6e, 0x65, 0xe9]));
    await bench.use("read", { path: "latin.txt" });
    expect((await bench.run("edit", { path: "latin.txt", edits })).code).toBe("file.not_text");
    expect((await bench.run("edit", { path: "none.txt", edits })).code).toBe("environment.not_found");
  });

  it("applies to a file that changed elsewhere and says so; write still refuses it", async () => {
    const bench = await createWorkbench({ "a.txt": numbered });
    await bench.use("read", { path: "a.txt" });
    await bench.put("a.txt", `inserted\n${numbered}`);
    const answer = await bench.use("edit", { path: "a.txt", edits: [{ old: "line 20", new: "L20" }] });
    expect(answer).toContain("had changed since you last saw it");
    expect(await bench.get("a.txt")).toBe(`inserted\n${numbered.replace("line 20", "L20")}`);
    const next = await bench.use("edit", { path: "a.txt", edits: [{ old: "line 21", new: "L21" }] });
    expect(next).toMatch(/^Edited/);
    expect((await bench.run("write", { path: "a.txt", content: "" })).code).toBe("file.stale");
  });

  it("refuses a file that changed within three lines of the edit", async () => {
    const bench = await createWorkbench({ "a.txt": numbered });
    await bench.use("read", { path: "a.txt" });
    await bench.put("a.txt", numbered.replace("line 23", "changed"));
    const run = await bench.run("edit", { path: "a.txt", edits: [{ old: "line 20", new: "L20" }] });
    expect(run.code).toBe("file.stale");
    expect(await bench.get("a.txt")).toBe(numbered.replace("line 23", "changed"));
    const gone = await bench.run("edit", { path: "a.txt", edits: [{ old: "line 23", new: "L23" }] });
    expect(gone.code).toBe("file.stale");
    expect(
      (await bench.run("edit", { path: "a.txt", edits: [{ old: "line 19", new: "L" }] })).code,
    ).toBeUndefined();
  });
});
