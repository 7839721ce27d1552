import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import { builtInTools } from "./built-in-tools.ts";
import { createWorkbench } from "./builtin.test.support.ts";

const files = {
  ".gitignore": "dist/\n*.log\n",
  ".github/ci.yml": "",
  ".git/config": "",
  "dist/a.ts": "",
  "debug.log": "",
  "src/b.ts": "",
  "src/a.ts": "",
  "src/deep/c.test.ts": "",
  "src/[id].ts": "",
  "readme.md": "",
};

describe.each([
  ["ripgrep", {}],
  ["Node", { ripgrepPath: "/nowhere/rg" }],
])("glob by %s", (_, options) => {
  it("finds files by pattern, sorted, without ignored and hidden ones", async () => {
    const bench = await createWorkbench(files, {}, options);
    const find = async (input: object): Promise<readonly string[]> =>
      (await bench.use("glob", input)).split("\n");
    expect(await find({ pattern: "*.ts" })).toEqual([
      "src/[id].ts",
      "src/a.ts",
      "src/b.ts",
      "src/deep/c.test.ts",
    ]);
    expect(await find({ pattern: "src/*.ts" })).toHaveLength(3);
    expect(await find({ pattern: "**/{a,c.test}.ts" })).toEqual(["src/a.ts", "src/deep/c.test.ts"]);
    expect(await find({ pattern: "[ab].ts", path: "src" })).toEqual(["src/a.ts", "src/b.ts"]);
    expect(await find({ pattern: String.raw`\[id\].ts` })).toEqual(["src/[id].ts"]);
    expect(await find({ pattern: "*.log" })).toEqual([expect.stringContaining("No files match")]);
    expect(await find({ pattern: "**", hidden: true })).toEqual([
      ".github/ci.yml",
      ".gitignore",
      "readme.md",
      "src/[id].ts",
      "src/a.ts",
      "src/b.ts",
      "src/deep/c.test.ts",
    ]);
  });

  it("takes absolute patterns below the folder, and says of others that they cannot match", async () => {
    const bench = await createWorkbench(files, {}, options);
    const under = (pattern: string): string => join(bench.workspace, pattern);
    expect(await bench.use("glob", { pattern: under("src/[ab].ts") })).toBe("src/a.ts\nsrc/b.ts");
    expect(await bench.use("glob", { pattern: under("src/*.{ts,md}"), path: "src" })).toContain("src/a.ts");
    const either = `{${under("src/a.ts")},${under("src/b.ts")},readme.md}`;
    expect(await bench.use("glob", { pattern: either })).toBe("readme.md\nsrc/a.ts\nsrc/b.ts");
    expect(await bench.use("glob", { pattern: "{/else/*.ts,/where/*.ts}" })).toContain("relative to");
    const elsewhere = await bench.use("glob", { pattern: under("*.md"), path: "src" });
    expect(elsewhere).toMatch(/^No files match .* The pattern is relative to "path"\./);
    await bench.put("src/a.ts", "needle");
    expect(await bench.use("grep", { pattern: "needle", glob: under("src/*.ts") })).toBe("src/a.ts:1:needle");
    for (const pattern of ["../*.ts", "src/../../*", "{a,..}/b"]) {
      expect(await bench.use("glob", { pattern })).toMatch(
        /^search\.invalid_pattern: .* "\.\." leads out of the folder that is searched; name another one as "path"\.$/,
      );
    }
    // A slash alone means the folder that is searched, as in a .gitignore.
    expect(await bench.use("glob", { pattern: "/src/*.ts" })).toContain("src/a.ts");
  });

  it("shows the first thousand and counts the rest", async () => {
    const bench = await createWorkbench({}, {}, options);
    await bench.use("bash", { command: "for i in $(seq -w 1 1234); do : > f$i.txt; done" });
    const lines = (await bench.use("glob", { pattern: "*.txt" })).split("\n");
    expect(lines).toHaveLength(1001);
    expect(lines[0]).toBe("f0001.txt");
    expect(lines[1000]).toBe("[234 more files. Use a narrower pattern or path.]");
  });

  it("explains broken patterns and missing folders", async () => {
    const bench = await createWorkbench({}, {}, options);
    expect(await bench.use("glob", { pattern: "a{b" })).toMatch(
      /^search\.invalid_pattern: .*"\{" is not closed/,
    );
    expect(await bench.use("glob", { pattern: "a[b" })).toMatch(/^search\.invalid_pattern/);
    expect((await bench.run("glob", { pattern: "*", path: "none" })).code).toBe("environment.not_found");
  });
});

describe("glob", () => {
  it("says so when nothing that searches can be started", async () => {
    const nothing = { ripgrepPath: "/nowhere/rg", nodePath: "/nowhere/node" };
    const registry = createToolRegistry({ tools: builtInTools(nothing) });
    const run = await registry.execute(toolCall("glob", { pattern: "*" }), await createWorkspaceContext());
    expect(run.code).toBe("search.unavailable");
    expect(resultText(run.result)).toMatch(
      /^search\.unavailable: Neither ripgrep \("\/nowhere\/rg"\) nor Node/,
    );
  });

  it("passes on what ripgrep says when it fails", async () => {
    const context = await createWorkspaceContext();
    const program = join(context.environment.info.profile.workspace, "rg");
    await writeFile(program, "#!/bin/sh\necho out of luck >&2\nexit 2\n", { mode: 0o755 });
    const registry = createToolRegistry({ tools: builtInTools({ ripgrepPath: program }) });
    const run = await registry.execute(toolCall("glob", { pattern: "*" }), context);
    expect(run.code).toBe("search.failed");
    expect(resultText(run.result)).toContain("exit code 2: out of luck");
  });
});
