/**
 * A check that never failed proves nothing: here each of them meets a workspace that breaks its rule.
 */
import { afterAll, describe, expect, test } from "vitest";

import { findFileCycles, findPackageCycles } from "./checks/cycles.ts";
import { findErrorCodeViolations, readErrorTables, renderErrorDocs } from "./checks/error-codes.ts";
import { findExecutors } from "./checks/executors.ts";
import { createFixtureWorkspace } from "./checks/fixture-workspace.ts";
import { findLayerViolations } from "./checks/layers.ts";
import { findBrokenCommands, findBrokenLinks, findMissingPaths, readFences } from "./checks/markdown.ts";
import { comparePublicApi, readPublicApi } from "./checks/public-api.ts";
import { checkFences, runFence } from "./checks/run-fence.ts";
import { closureOf } from "./checks/weight.ts";

const fixture = createFixtureWorkspace();
afterAll(() => fixture[Symbol.dispose]());

/** The manifest of a kernel package with other dependencies. */
function manifestOf(name: string, fields: object): string {
  return JSON.stringify({ name: `@tau/${name}`, version: "0.1.0", type: "module", exports: {}, ...fields });
}

describe("a faultless workspace", () => {
  test("passes the checks of this repository", async () => {
    const workspace = fixture.read();
    const fences = readFences(workspace, ["README.md"], ["ts"]);

    expect(findLayerViolations(workspace)).toEqual([]);
    expect(findPackageCycles(workspace)).toEqual([]);
    expect(findFileCycles(workspace)).toEqual([]);
    expect(findExecutors(workspace)).toEqual([]);
    expect(findErrorCodeViolations(workspace)).toEqual([]);
    expect(findBrokenCommands(workspace, readFences(workspace, ["README.md"], ["sh"]))).toEqual([]);
    expect(findBrokenLinks(workspace, ["README.md"])).toEqual([]);
    expect(await checkFences(workspace, fences)).toEqual([]);
    expect(await Promise.all(fences.map((fence) => runFence(workspace, fence)))).toEqual([undefined]);
  });

  test.each([
    ["tsc", "-b"],
    ["oxlint", "--type-aware", "kernel", "extensions"],
    ["knip", "--no-config-hints"],
    ["sherif", "-r", "root-package-manager-field"],
  ])("passes %s", async (tool, ...args) => {
    expect(await fixture.run(tool, ...args)).toMatchObject({ passed: true });
  });
});

describe("the executor rule", () => {
  test.each(["await tools.run(prepared, context);\n", "await registry.execute(call, context);\n"])(
    "refuses %j outside of the files that decide first",
    (source) => {
      using _planted = fixture.plant({
        "kernel/core/src/quick.ts": source,
        "kernel/core/src/quick.test.ts": source,
      });

      expect(findExecutors(fixture.read())).toEqual([
        expect.stringMatching(/^kernel\/core\/src\/quick\.ts runs a tool: /u),
      ]);
    },
  );
});

describe("the layer rule", () => {
  test.each([
    ["a static import", 'import { twice } from "@tau/sandbox";\nconsole.log(twice());\n'],
    ["a type import", 'import type { twice } from "@tau/sandbox";\nexport type Twice = typeof twice;\n'],
    ["a type in place", 'export type Twice = typeof import("@tau/sandbox").twice;\n'],
    [
      "a dynamic import",
      'export const later = async (): Promise<unknown> => await import("@tau/sandbox");\n',
    ],
    ["a re-export", 'export { twice } from "@tau/sandbox/testing";\n'],
  ])("refuses %s of an extension in the kernel", (_, source) => {
    using _planted = fixture.plant({ "kernel/core/src/up.ts": source });

    expect(findLayerViolations(fixture.read())).toEqual([
      expect.stringMatching(/^kernel\/core\/src\/up\.ts:1: kernel\/ may not use extensions\//),
    ]);
  });

  test("refuses the inner order upside down", () => {
    using _planted = fixture.plant({ "kernel/core/src/up.ts": 'import "@tau/tools";\n' });

    expect(findLayerViolations(fixture.read())).toEqual([
      "kernel/core/src/up.ts:1: @tau/core may not use @tau/tools; allowed: nothing",
    ]);
  });

  test.each([
    ["an import", 'export { hello } from "../../core/src/hello.ts";\n'],
    ["a worker", 'export const worker: URL = new URL("../../core/src/hello.ts", import.meta.url);\n'],
  ])("refuses %s by a path that leaves the package", (_, source) => {
    using _planted = fixture.plant({ "kernel/tools/src/out.ts": source });

    expect(findLayerViolations(fixture.read())).toEqual([expect.stringContaining("leaves the package")]);
  });

  test.each(["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"])(
    "refuses %s against the order",
    (field) => {
      const planted = {
        "kernel/core/package.json": manifestOf("core", { [field]: { "@tau/tools": "0.1.0" } }),
      };
      using _planted = fixture.plant(planted);

      expect(findLayerViolations(fixture.read())).toEqual([
        "kernel/core/package.json: @tau/core may not use @tau/tools; allowed: nothing",
      ]);
    },
  );

  test("refuses a package that nobody gave a place", () => {
    using _planted = fixture.plant({ "kernel/novelty/package.json": manifestOf("novelty", {}) });

    expect(findLayerViolations(fixture.read())).toEqual([
      expect.stringContaining("no row in the layer table"),
    ]);
  });
});

describe("cycles", () => {
  test("of packages are found", () => {
    const planted = {
      "kernel/core/package.json": manifestOf("core", { devDependencies: { "@tau/tools": "0.1.0" } }),
    };
    using _planted = fixture.plant(planted);

    expect(findPackageCycles(fixture.read())).toEqual(["@tau/tools → @tau/core → @tau/tools"]);
  });

  test("of files are found, also through types", () => {
    using _planted = fixture.plant({
      "kernel/core/src/a.ts": 'import type { B } from "./b.ts";\nexport type A = B | 1;\n',
      "kernel/core/src/b.ts": 'import type { A } from "./a.ts";\nexport type B = A | 2;\n',
    });

    expect(findFileCycles(fixture.read())).toEqual([
      "kernel/core/src/a.ts → kernel/core/src/b.ts → kernel/core/src/a.ts",
    ]);
  });
});

describe("lint", () => {
  const later = "const later = async (): Promise<number> => 1;\n";
  const forgetful =
    'export function f(x: "a" | "b"): void {\n  switch (x) {\n    case "a":\n      console.log(x);\n  }\n}\n';
  const planted: readonly (readonly [what: string, rule: string, source: string])[] = [
    ["a promise left alone", "typescript(no-floating-promises)", `${later}later();\n`],
    ["a promise left alone behind `void`", "typescript(no-floating-promises)", `${later}void later();\n`],
    ["a promise as a condition", "typescript(no-misused-promises)", `${later}if (later()) console.log(1);\n`],
    ["`any`", "typescript(no-explicit-any)", "export const x: any = 1;\n"],
    [
      "`as` without a check",
      "typescript(no-unsafe-type-assertion)",
      'export const x = JSON.parse("1") as 1;\n',
    ],
    ["`!`", "typescript(no-non-null-assertion)", "export const f = (x?: string): string => x!;\n"],
    ["a default export", "import(no-default-export)", "export default 1;\n"],
    ["a switch that forgets a case", "typescript(switch-exhaustiveness-check)", forgetful],
    ["a file of more than 400 lines of code", "eslint(max-lines)", "console.log(1);\n".repeat(401)],
    ["a circle of files", "import(no-cycle)", 'export type { A } from "./planted-10.ts";\n'],
    [
      "a circle of files, seen from the other one",
      "import(no-cycle)",
      'export type { A } from "./planted-9.ts";\n',
    ],
    [
      "a skipped test",
      "vitest(no-disabled-tests)",
      'import { test } from "vitest";\n\ntest.skip("x", () => {});\n',
    ],
  ];
  const nameOf = (at: number): string => `kernel/core/src/planted-${at}${at === 11 ? ".test" : ""}.ts`;

  test("refuses each planted case", async () => {
    using _planted = fixture.plant(
      Object.fromEntries(planted.map(([, , source], at) => [nameOf(at), source])),
    );

    const { output } = await fixture.run("oxlint", "--type-aware", "--format=json", "kernel/core");

    const report: { diagnostics: { code: string; filename: string }[] } = JSON.parse(output);
    const missed = planted.filter(
      ([, rule], at) =>
        !report.diagnostics.some(({ code, filename }) => code === rule && filename === nameOf(at)),
    );
    expect(missed.map(([what]) => what)).toEqual([]);
  });
});

describe("other tools", () => {
  test("knip finds unused files, exports and dependencies, and undeclared ones", async () => {
    using _planted = fixture.plant({
      "kernel/tools/package.json": manifestOf("tools", {
        exports: { ".": { "@tau/source": "./src/index.ts", default: "./dist/index.js" } },
        dependencies: { "@tau/core": "0.1.0", undici: "8.12.4" },
      }),
      "kernel/tools/src/alone.ts": "export const alone = 1;\n",
      "kernel/tools/src/shout.ts":
        'import { hello } from "@tau/core";\nimport { diffLines } from "diff";\n\nexport const unusedHere = diffLines;\nexport function shout(): string {\n  return hello("tau");\n}\n',
    });

    const { passed, output } = await fixture.run("knip", "--no-config-hints");

    expect(passed).toBe(false);
    for (const name of ["kernel/tools/src/alone.ts", "unusedHere", "undici", "diff"])
      expect(output).toContain(name);
  });

  test("tsc refuses a type error in a test", async () => {
    const source = 'import { hello } from "./hello.ts";\n\nhello(1);\n';
    using _planted = fixture.plant({ "kernel/core/src/hello.test.ts": source });

    expect((await fixture.run("tsc", "-b", "kernel/core")).output).toContain("error TS2345");
  });

  test("oxfmt finds what it would write in another way", async () => {
    using _planted = fixture.plant({ "kernel/core/src/planted.ts": "export const x   =   'a'\n" });

    expect(await fixture.run("oxfmt", "--check", "kernel/core/src/planted.ts")).toMatchObject({
      passed: false,
    });
  });

  test("sherif finds two versions of one dependency", async () => {
    using _planted = fixture.plant({
      "kernel/core/package.json": manifestOf("core", { dependencies: { undici: "8.12.4" } }),
      "kernel/tools/package.json": manifestOf("tools", { dependencies: { undici: "8.12.3" } }),
    });

    expect((await fixture.run("sherif")).output).toContain("undici");
  });
});

describe("the public API", () => {
  test("may not change without its record", () => {
    const recorded = readPublicApi(fixture.read());
    using _planted = fixture.plant({
      "kernel/core/src/index.ts":
        'export type { Extra } from "./extra.ts";\nexport * from "./extra.ts";\nexport { hello as greet, TauError } from "./hello.ts";\nexport { coreErrorCodes } from "./error-codes.ts";\n',
      "kernel/core/src/extra.ts": "export type Extra = 1;\nexport const surprise: Extra = 1;\n",
    });

    expect(comparePublicApi(recorded, readPublicApi(fixture.read()))).toEqual([
      "@tau/core: hello is gone",
      "@tau/core: greet is new",
      "@tau/core: surprise is new",
      "@tau/core: type Extra is new",
    ]);
  });
});

describe("error codes", () => {
  test.each([
    ["thrown", 'throw new TauError("word.rude", "No.");'],
    ["thrown in a branch", 'throw new TauError(Math.random() > 1 ? "word.empty" : "word.rude", "No.");'],
    ["given to a helper", 'export const failure = wordError("word.rude");'],
    ["made and thrown", 'throw noWord(word === "" ? "word.empty" : "word.rude");'],
    ["written in a record", 'export const failure = { code: "word.rude" };'],
  ])("must be declared where they are %s", (_, statement) => {
    using _planted = fixture.plant({ "kernel/core/src/rude.ts": `${statement}\n` });

    expect(findErrorCodeViolations(fixture.read())).toEqual([
      'kernel/core/src/rude.ts:1: the code "word.rude" is not in src/error-codes.ts of @tau/core',
    ]);
  });

  test("must be declared by a package that the thrower depends on", () => {
    const source = 'export const codes = { "shout.loud": "Too loud. Speak." } as const;\n';
    using _planted = fixture.plant({
      "extensions/sandbox/src/error-codes.ts": source,
      "kernel/tools/src/loud.ts": 'export const failure = { code: "shout.loud" };\n',
    });

    expect(findErrorCodeViolations(fixture.read())).toContain(
      'kernel/tools/src/loud.ts:1: the code "shout.loud" is not in src/error-codes.ts of @tau/tools',
    );
  });

  test("must be used, tested, declared once and documented", () => {
    const documented = renderErrorDocs(readErrorTables(fixture.read()));
    const source =
      'export const codes = { "word.empty": "Again.", "word.new": "Never " + "seen." } as const;\n';
    using _planted = fixture.plant({ "kernel/tools/src/error-codes.ts": source });

    const workspace = fixture.read();

    expect(findErrorCodeViolations(workspace)).toEqual([
      '"word.empty" is declared by @tau/core and by @tau/tools',
      'kernel/tools/src/error-codes.ts: no source uses "word.empty"',
      'kernel/tools/src/error-codes.ts: no test of @tau/tools mentions "word.empty"',
      'kernel/tools/src/error-codes.ts: no source uses "word.new"',
      'kernel/tools/src/error-codes.ts: no test of @tau/tools mentions "word.new"',
    ]);
    expect(renderErrorDocs(readErrorTables(workspace))).not.toBe(documented);
    expect(renderErrorDocs(readErrorTables(workspace))).toContain("- **`word.new`** Never seen.");
  });
});

describe("documents", () => {
  test.each([
    ["throws", 'throw new Error("broken example");', "broken example"],
    ["imports what is not there", 'import { whisper } from "@tau/tools";\n\nwhisper();', "whisper"],
  ])("may not hold code that %s", async (_, code, complaint) => {
    using _planted = fixture.plant({ "README.md": `# Title\n\n\`\`\`ts\n${code}\n\`\`\`\n` });
    const workspace = fixture.read();
    const [fence] = readFences(workspace, ["README.md"], ["ts"]);
    if (fence === undefined) throw new Error("The fixture has no fence.");

    const result = await runFence(workspace, fence);

    expect(result).toMatch(/^README\.md:3: /);
    expect(result).toContain(complaint);
  });

  test("may not hold code of the wrong type, even where it is not run", async () => {
    const code = 'import { shout } from "@tau/tools";\n\nconst loud: number = shout();\nconsole.log(loud);';
    using _planted = fixture.plant({ "README.md": `\`\`\`ts no-run\n${code}\n\`\`\`\n` });
    const workspace = fixture.read();

    const complaints = await checkFences(workspace, readFences(workspace, ["README.md"], ["ts"]));

    expect(complaints.join("\n")).toMatch(/README-md-1\.ts\(3,7\): error TS2322/);
  });

  test("may not name commands, links and paths that do not exist", () => {
    const text =
      "```sh\nnpm run fly\nnode examples/none.ts\n```\n\n[more](docs/none.md)\n\n| a word | `kernel/none.ts` |\n";
    using _planted = fixture.plant({ "README.md": text });
    const workspace = fixture.read();

    expect(findBrokenCommands(workspace, readFences(workspace, ["README.md"], ["sh"]))).toEqual([
      'README.md:1: there is no script "fly"',
      "README.md:1: examples/none.ts does not exist",
    ]);
    expect(findBrokenLinks(workspace, ["README.md"])).toEqual([
      "README.md: the link to docs/none.md leads nowhere",
    ]);
    expect(findMissingPaths(workspace, "README.md")).toEqual(["README.md: kernel/none.ts does not exist"]);
  });
});

describe("the weight", () => {
  test("counts every package once, through links and nested folders, and sees install scripts", () => {
    const packages = {
      "": {},
      "node_modules/@tau/core": { resolved: "kernel/core", link: true },
      "kernel/core": { dependencies: { heavy: "1.0.0" } },
      "node_modules/heavy": { dependencies: { light: "1.0.0", "@tau/core": "0.1.0" } },
      "node_modules/heavy/node_modules/light": { hasInstallScript: true },
      "node_modules/light": {},
    };
    using _planted = fixture.plant({
      "package-lock.json": JSON.stringify({ packages }),
      "node_modules/heavy/index.js": "x".repeat(1_000),
      "node_modules/heavy/node_modules/light/index.js": "x".repeat(10),
    });

    const closure = closureOf(fixture.read(), ["@tau/core"]);

    expect(closure.slice(1)).toEqual([
      { name: "heavy", bytes: 1_000, hasInstallScript: false },
      { name: "light", bytes: 10, hasInstallScript: true },
    ]);
    expect(closure[0]?.bytes).toBeGreaterThan(100);
  });
});
