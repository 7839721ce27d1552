import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createWorkbench } from "./builtin.test.support.ts";
import type { Workbench } from "./builtin.test.support.ts";
import { toScriptPattern } from "./rust-pattern.ts";
import { runSearch } from "./run-search.ts";
import { searchPrograms } from "./search-programs.ts";

const plain = { literal: false, ignoreCase: false, multiline: true };

/** The same workspace for a search by ripgrep and one by Node. */
interface Pair {
  readonly ripgrep: Workbench;
  /** What both answer; fails where they do not answer the same. */
  same(tool: "grep" | "glob", input: object): Promise<string>;
}

async function createPair(files: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const ripgrep = await createWorkbench(files, {}, { ripgrepPath: rgPath });
  const { environment } = ripgrep.context;
  const node = await createWorkbench({}, { environment }, { ripgrepPath: "/nowhere/rg" });
  return {
    ripgrep,
    async same(tool, input) {
      const [expected, actual] = [await ripgrep.use(tool, input), await node.use(tool, input)];
      expect(actual, `${tool} ${JSON.stringify(input)}`).toBe(expected);
      return expected;
    },
  };
}

it.runIf(process.platform !== "win32")("Node waits for no named pipe where rules belong", async () => {
  const bench = await createWorkbench({ "a.txt": "needle\n" }, {}, { ripgrepPath: "/nowhere/rg" });
  for (const name of [".gitignore", ".ignore"]) execFileSync("mkfifo", [join(bench.workspace, name)]);
  expect(await bench.use("grep", { pattern: "needle" })).toBe("a.txt:1:needle");
});

const tree: Readonly<Record<string, string>> = {
  ".gitignore":
    "# what is built\n/dist/\n*.log\n!keep.log\nsub/*.tmp\n**/deep/**\n\\#odd\nspaced \nliteral\\ \n[ab].x\n{one,two}.y\n",
  ".ignore": "from-ignore\n!shown.log\n",
  ".rgignore": "from-rgignore\n",
  ".hidden/a.txt": "needle hidden",
  ".git/info/exclude": "excluded.txt\n",
  ".git/config": "needle in Git",
  ".eslintrc.js": "needle of a language",
  "excluded.txt": "needle excluded",
  "dist/a.js": "needle built",
  "src/dist/a.js": "needle not built",
  "a.log": "needle logged",
  "keep.log": "needle kept",
  "shown.log": "needle shown",
  "sub/a.tmp": "needle",
  "sub/sub/a.tmp": "needle",
  "deep/x/y.txt": "needle deep",
  "sub/.gitignore": "!*.log\nonly-here\n",
  "sub/b.log": "needle below",
  "sub/only-here": "needle",
  "only-here": "needle",
  "from-ignore": "needle",
  "from-rgignore": "needle",
  "#odd": "needle",
  spaced: "needle",
  "literal ": "needle",
  "a.x": "needle",
  "c.x": "needle",
  "one.y": "needle",
  "three.y": "needle",
  "a/z.txt": "needle",
  "a.txt": "needle",
  "a-b/c.ts": "const needle = 1;\n",
  "ä/ö.py": "needle = 'ü'\n",
  "nested/.git/HEAD": "",
  "nested/.gitignore": "inner\n",
  "nested/a.log": "needle of another repository",
  "nested/inner": "needle",
  "bom.txt": "\uFEFFneedle first\n",
  "dos.txt": "needle\r\nneedle two\r\n",
  "binary.dat": "needle\nx\0y\nneedle\n",
  "wide.txt": `needle ${"é".repeat(700)} needle\n${"x".repeat(600)}\n${"👩‍🚀".repeat(300)} needle\nend\n`,
  "lines.txt": "one\ntwo needle needle\n\nfour\nfive needle\nsix\nseven\neight\nnine needle",
  empty: "",
  newlines: "\n\n\n",
};

describe("a search by Node", () => {
  it("lists the files that ripgrep lists", async () => {
    const pair = await createPair(tree);
    const answers: string[] = [];
    for (const input of [
      { pattern: "**" },
      { pattern: "**", hidden: true },
      { pattern: "*.txt" },
      { pattern: "**", path: "sub" },
      { pattern: "**", path: "dist" },
      { pattern: "**", path: "deep/x" },
      { pattern: "**", path: ".hidden" },
      { pattern: "**", path: "nested", hidden: true },
      { pattern: "**", path: "a.txt" },
      { pattern: "**", path: "a.log" },
    ])
      answers.push(await pair.same("glob", input));
    expect(answers.filter((answer) => answer.startsWith("No files"))).toHaveLength(1);
  });

  it("finds what ripgrep finds, and shows it the same way", async () => {
    const pair = await createPair(tree);
    const answers = new Set<string>();
    await pair.ripgrep.put("utf16.txt", Buffer.from("\uFEFFneedle in UTF-16\n", "utf16le"));
    for (const input of [
      {},
      { hidden: true },
      { context: 1 },
      { context: 3 },
      { filesOnly: true },
      { count: true },
      { filesOnly: true, skip: 3 },
      { skip: 4, context: 1 },
      { ignoreCase: true },
      { literal: true },
      { type: "ts" },
      { type: "js" },
      { type: "py", filesOnly: true },
      { glob: "*.log" },
      { multiline: true },
      { multiline: true, context: 2 },
      { multiline: true, count: true },
      { path: "binary.dat" },
      { path: "binary.dat", filesOnly: true },
      { path: "binary.dat", count: true },
      { path: "wide.txt", context: 1 },
      { path: "a.log" },
      { path: "dos.txt" },
    ])
      answers.add(await pair.same("grep", { pattern: "needle", ...input }));
    expect(answers.size).toBeGreaterThan(15);
  });

  it("takes expressions as Rust does", async () => {
    const text = [
      "foo(bar) {",
      "FOO bar_baz-9",
      "straße STRASSE ſ K k",
      "tab\tand  spaces ",
      "x=1;y=22;z=333",
      "日本語 текст ٣",
      "a.b*c+d?",
      "[x] ^y$ \\z",
      "",
      "aaa",
      "\u00a0no-break",
      "don't; can't-do",
      "1990-01-02 10:20:30",
    ].join("\n");
    const pair = await createPair({ "a.txt": text });
    for (const [index, pattern] of patterns.entries()) {
      // An empty match is at a byte for Rust, and at a character for JavaScript.
      if (!new RegExp(toScriptPattern({ ...plain, pattern }).source, "v").test(""))
        await pair.same("grep", { pattern, count: true, multiline: pattern.includes("\n") });
      // The edges of a text are those of each line for ripgrep, where a pattern cannot go beyond one.
      const multiline = pattern.includes("\n") || (index % 2 === 0 && !/\\[Az]|\?-m/u.test(pattern));
      const shown = await pair.same(
        "grep",
        multiline ? { pattern, multiline } : { pattern, ignoreCase: true },
      );
      expect(shown).not.toContain("invalid_pattern");
    }
  });

  it.each([
    "foo(",
    "foo)",
    "[a",
    "*a",
    "a|*",
    "foo{",
    "a{2,1}",
    "(?=a)",
    "(?<!a)b",
    "\\1",
    "\\y",
    "\\",
    "\\p{Foo}",
    "a\nb",
    "[z-a]",
    "\\p{^L}",
  ])("refuses %j, as ripgrep does", async (pattern) => {
    const pair = await createPair({ "a.txt": "a" });
    const node = await createWorkbench({ "a.txt": "a" }, {}, { ripgrepPath: "/nowhere/rg" });
    for (const bench of [pair.ripgrep, node])
      expect((await bench.run("grep", { pattern })).code).toBe("search.invalid_pattern");
  });

  it(
    "leaves out the files of rules that nobody thought of, as ripgrep does",
    { timeout: 120_000 },
    async () => {
      const piece = fc.constantFrom(
        "a",
        "b",
        "*",
        "**",
        "/",
        "?",
        "[ab]",
        "[!a]",
        "!",
        ".",
        "x",
        "\\",
        "{a,b}",
        " ",
      );
      const rule = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
      const rules = fc.array(rule, { maxLength: 4 }).map((lines) => lines.join("\n"));
      const names = ["a", "b", "x"];
      const files = Object.fromEntries(
        names.flatMap((one) =>
          names
            .flatMap((two) => [`${one}/${two}/a.x`, `${one}/${two}/.b`, `${one}/${two}.b`])
            .map((path) => [path, ""]),
        ),
      );
      const pair = await createPair(files);
      await fc.assert(
        fc.asyncProperty(rules, rules, fc.boolean(), async (top, below, hidden) => {
          await pair.ripgrep.put(".gitignore", top);
          await pair.ripgrep.put("a/.gitignore", below);
          expect(await pair.same("glob", { pattern: "**", hidden })).not.toBe("");
        }),
        { numRuns: 60, seed: 1 },
      );
    },
  );

  it("is ended with its process when a pattern takes for ever", async () => {
    const { context, workspace } = await createWorkbench({ "a.txt": `${"a".repeat(100)}b\n` });
    const content = {
      pattern: "(a|aa|a?a)+$",
      literal: false,
      ignoreCase: false,
      multiline: false,
      shows: "lines",
      context: 0,
    } as const;
    const query = { root: workspace, hidden: false, content };
    const programs = { ripgrep: [], node: [process.execPath] };
    const found = runSearch({ programs, query, onRecord: () => true, timeoutMs: 1_000 }, context);
    expect(await found).toEqual({ complete: false, timedOut: true });
  });

  it("gives way where a program cannot be started", async () => {
    const { context, workspace } = await createWorkbench({ "a.txt": "" });
    for (const programs of [
      { ripgrep: ["/nowhere/rg", rgPath], node: [] },
      { ripgrep: ["/nowhere/rg"], node: ["/nowhere/node", process.execPath] },
    ]) {
      const records: string[] = [];
      const onRecord = (record: string): boolean => records.push(record) > 0;
      const found = runSearch({ programs, query: { root: workspace, hidden: false }, onRecord }, context);
      expect(await found).toEqual({ complete: true, timedOut: false });
      expect(records).toEqual([`${workspace}/a.txt`]);
    }
  });

  it("knows the programs to try", async () => {
    const { execPath } = process;
    expect(await searchPrograms({})()).toEqual({ ripgrep: [rgPath, "rg"], node: [execPath, "node"] });
    expect(await searchPrograms({ ripgrepPath: "/opt/rg", nodePath: "/opt/node" })()).toEqual({
      ripgrep: ["/opt/rg"],
      node: ["/opt/node"],
    });
  });
});

const patterns: readonly string[] = [
  "foo\\(",
  "^foo",
  "bar\\) \\{$",
  "(?i)foo",
  "a(?i)a|FOO",
  "(?i:foo) bar",
  "foo|FOO",
  "\\bbar\\b",
  "bar\\b",
  "\\Bar",
  "\\w+_\\w+",
  "\\d+",
  "\\d{2,}",
  "[0-9]{2}:[0-9]{2}",
  "\\D$",
  "\\s",
  "\\S+\\s{2}\\S",
  "\\t",
  "[[:alpha:]]+",
  "[[:^alpha:]]",
  "[^a-z\\s]",
  "[\\w--a-m]",
  "[a-z&&[^aeiou]]{3}",
  "[]x]",
  "[^]x]",
  "[a\\-z]",
  "[-x]",
  "[x-]",
  "\\p{Han}",
  "\\pL+",
  "\\P{L}",
  "\\p{Greek}|\\p{Cyrillic}",
  "\\p{Lu}",
  "[[:foo:]]",
  "\\p{sc=Han}",
  "stra(ß|ss)e",
  "ſ",
  "k",
  "K",
  "[k]",
  "a{2}",
  "a{2,}",
  "a{1,2}b?",
  "a+?",
  "a*",
  "a**",
  "(a+)+$",
  "(?:a|b)*c",
  "(?P<name>x)=(?<other>\\d)",
  "x.y",
  "x=.*;",
  "\\x41|\\x{61}|\\u{62}",
  "\\u0061",
  "\\.b\\*c\\+",
  "^$",
  "^",
  "$",
  "\\A",
  "\\z",
  "\\<can",
  "\\bno",
  "(?s).",
  "(?-m)^a",
  "(?s:a.b)",
  "a.*\n?",
  "]",
  "}",
  "can't",
  "\\b{start}do\\b{end}",
  "#",
  "&&",
  "-",
  "٣",
  " $",
];
