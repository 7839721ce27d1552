import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createWorkbench } from "./builtin.test.support.ts";

const files = {
  ".gitignore": "ignored.txt\n",
  "ignored.txt": "needle\n",
  ".hidden.txt": "needle\n",
  "b.txt": "hay\nneedle one\nhay\n",
  "a.ts": "before\nconst needle = 1; // a.b\nafter\n",
  "dos.txt": "dos needle\r\n",
};

describe.each([
  ["ripgrep", {}],
  ["Node", { ripgrepPath: "/nowhere/rg" }],
])("grep by %s", (_name, options) => {
  it("shows matching lines by file and line, sorted, without ignored and hidden files", async () => {
    const bench = await createWorkbench(files, {}, options);
    expect(await bench.use("grep", { pattern: "needle" })).toBe(
      "a.ts:2:const needle = 1; // a.b\nb.txt:2:needle one\ndos.txt:1:dos needle",
    );
    expect(await bench.use("grep", { pattern: "needle", hidden: true })).toContain(".hidden.txt:1:needle");
    expect(await bench.use("grep", { pattern: "needle", glob: "*.ts" })).toBe(
      "a.ts:2:const needle = 1; // a.b",
    );
    expect(await bench.use("grep", { pattern: "needle", path: "b.txt" })).toBe("b.txt:2:needle one");
    expect(await bench.use("grep", { pattern: "needle", path: "b.txt", glob: "*.txt" })).toContain(
      "b.txt:2:",
    );
    expect(await bench.use("grep", { pattern: "NEEDLE", ignoreCase: true, filesOnly: true })).toBe(
      "a.ts\nb.txt\ndos.txt",
    );
    expect(await bench.use("grep", { pattern: "a.b", literal: true })).toMatch(/^a\.ts:2:[^\n]*$/);
    expect(await bench.use("grep", { pattern: "needle", glob: "a.*", context: 1 })).toBe(
      "a.ts-1-before\na.ts:2:const needle = 1; // a.b\na.ts-3-after",
    );
    expect(await bench.use("grep", { pattern: "nothing" })).toBe('No matches for "nothing".');
  });

  it("leaves out files that the environment keeps secret, even when they were asked for", async () => {
    const bench = await createWorkbench(
      { ".env": "TOKEN=needle\n", ".env.example": "TOKEN=needle\n" },
      {},
      options,
    );
    expect(await bench.use("grep", { pattern: "needle", hidden: true })).toBe(
      ".env.example:1:TOKEN=needle\n[Files with secrets left out: 1.]",
    );
    expect((await bench.run("grep", { pattern: "needle", path: ".env" })).code).toBe("environment.denied");
  });

  it("shows no line of a file whose name is broken over lines: as another one it would be no secret", async () => {
    const bench = await createWorkbench({ "a\nb/.env": "needle\n", "c\nd.txt": "needle\n" }, {}, options);
    expect(await bench.use("grep", { pattern: "needle", hidden: true })).toBe('No matches for "needle".');
    expect(await bench.use("grep", { pattern: "needle", hidden: true, count: true })).toBe(
      'No matches for "needle".',
    );
    // Paths alone come apart at another mark.
    expect(await bench.use("grep", { pattern: "needle", filesOnly: true })).toBe("c\nd.txt");
  });

  it("takes no end of a broken name for the path of another file", async () => {
    const bench = await createWorkbench({ "notes.txt": "hay\n", "z.txt": "needle\n" }, {}, options);
    await bench.put(join(".ssh/a\n", bench.workspace, "notes.txt"), "needle\nneedle\n");
    await bench.put(`b\n${join(bench.workspace, "notes.txt")}`, "needle\n");
    const search = { pattern: "needle", hidden: true };
    expect(await bench.use("grep", search)).toBe("z.txt:1:needle");
    expect(await bench.use("grep", { ...search, context: 1 })).toBe("z.txt:1:needle");
    expect(await bench.use("grep", { ...search, count: true })).toBe("z.txt:1");
  });

  it("says why an absolute glob matches nothing, and quotes a broken one as it was written", async () => {
    const bench = await createWorkbench({ "src/a.ts": "needle\n" }, {}, options);
    const elsewhere = await bench.use("grep", { pattern: "needle", glob: "/elsewhere/*.ts" });
    expect(elsewhere).toMatch(/^No matches for "needle"\. The glob is relative to "path"\.$/u);
    const inside = await bench.use("grep", { pattern: "nothing", glob: join(bench.workspace, "src/*.ts") });
    expect(inside).toBe('No matches for "nothing".');
    const glob = join(bench.workspace, "src") + "/../*.ts";
    expect(await bench.use("grep", { pattern: "needle", glob })).toContain(`The glob "${glob}" is not valid`);
  });

  it("explains a broken expression so that the model can correct it", async () => {
    const bench = await createWorkbench(files, {}, options);
    const answer = await bench.use("grep", { pattern: "foo(" });
    expect(answer).toMatch(/^search\.invalid_pattern: .*"literal"/);
    expect(answer).toContain("unclosed group");
    expect(await bench.use("grep", { pattern: "(?<=a)b" })).toMatch(/^search\.invalid_pattern/);
  });

  it("stops after a hundred matches and clips long lines", async () => {
    const bench = await createWorkbench(
      {
        "many.txt": "needle\n".repeat(5000),
        "wide.txt": `needle ${"x".repeat(100_000)}\n`,
      },
      {},
      options,
    );
    const lines = (await bench.use("grep", { pattern: "needle" })).split("\n");
    expect(lines).toHaveLength(101);
    expect(lines[100]).toContain("Only the first 100 matches are shown");
    const wide = await bench.use("grep", { pattern: "needle", path: "wide.txt" });
    expect(wide.length).toBeLessThan(700);
  });

  it("goes on where it stopped, counts, spans lines and knows languages", async () => {
    const bench = await createWorkbench(
      {
        "many.txt": Array.from({ length: 150 }, (_, index) => `needle ${index}\n`).join(""),
        "a.ts": "first\nsecond\n",
        "a.py": "first\nsecond\n",
      },
      {},
      options,
    );
    const next = (await bench.use("grep", { pattern: "needle", skip: 100 })).split("\n");
    expect(next).toHaveLength(50);
    expect(next[0]).toBe("many.txt:101:needle 100");
    expect(await bench.use("grep", { pattern: "needle", skip: 40 })).toContain("Go on with skip 140");
    expect(await bench.use("grep", { pattern: "needle", count: true })).toBe("many.txt:150");
    const across = { pattern: "first\\nsecond", multiline: true };
    expect(await bench.use("grep", { ...across, type: "ts" })).toBe("a.ts:1:first\na.ts:2:second");
    expect(await bench.use("grep", { pattern: "first", filesOnly: true, skip: 1 })).toBe("a.ts");
    expect((await bench.run("grep", { pattern: "x", type: "nonsense" })).result.isError).toBe(true);
  });

  it("takes no pattern, path or glob for an option, whatever it looks like", async () => {
    const flags = ["-e", "--", "--files", "-f/etc/passwd", "--hostname-bin=./pwn", "--pre=./pwn", "-z", "!*"];
    const shell = ["$(touch pwned)", "`touch pwned`", "; touch pwned", "'"];
    const naughty = [...flags, ...shell];
    const bench = await createWorkbench({ "a.txt": `${naughty.join("\n")}\n` }, {}, options);
    const script = join(bench.workspace, "pwn");
    await writeFile(script, "#!/bin/sh\ntouch pwned\ncat\n", { mode: 0o755 });
    naughty.push(`--pre=${script}`);

    for (const pattern of [...flags, ...shell]) {
      const line = naughty.indexOf(pattern) + 1;
      expect(await bench.use("grep", { pattern, literal: true, glob: "a.txt" })).toContain(
        `a.txt:${line}:${pattern}`,
      );
    }
    const text = fc.oneof(
      fc.constantFrom(...naughty),
      fc.string({
        minLength: 1,
        maxLength: 8,
        unit: fc.constantFrom("-", "e", "'", '"', "$", "(", "\n", " ", "*"),
      }),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        await bench.run("grep", { pattern: one, path: other });
        await bench.run("grep", { pattern: one, glob: other, filesOnly: true });
        await bench.run("glob", { pattern: one, path: other });
        expect(existsSync(join(bench.workspace, "pwned"))).toBe(false);
      }),
      { numRuns: 20, examples: naughty.map((one) => [one, "."]) },
    );
  });
});
