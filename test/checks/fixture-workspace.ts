import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { readWorkspace, type Workspace } from "./workspace.ts";

const repository = join(import.meta.dirname, "../..");

/** What a program said and whether it was content. */
export interface ToolResult {
  readonly passed: boolean;
  readonly output: string;
}

/** A small, faultless workspace in a temporary folder, under this repository's own rules. */
export interface FixtureWorkspace extends Disposable {
  readonly root: string;
  /** The workspace as it is now. */
  read(): Workspace;
  /** Writes files until the returned handle is disposed of; then they are as they were. */
  plant(files: Readonly<Record<string, string>>): Disposable;
  /** Runs one of the repository's tools in the workspace. */
  run(tool: string, ...args: readonly string[]): Promise<ToolResult>;
}

function manifest(name: string, uses: readonly string[]): string {
  const names = uses.map((used) => [`@tau/${used}`, "0.1.0"]);
  const dependencies = names.length === 0 ? undefined : Object.fromEntries(names);
  const source = { "@tau/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" };
  const exports = { ".": source };
  return JSON.stringify(
    { name: `@tau/${name}`, version: "0.1.0", type: "module", exports, dependencies },
    null,
    2,
  );
}

function project(references: readonly string[]): string {
  const compilerOptions = { rootDir: "src", outDir: "dist", tsBuildInfoFile: "dist/.tsbuildinfo" };
  const paths = references.map((path) => ({ path }));
  return JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions,
    include: ["src"],
    references: paths,
  });
}

const faultless: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    name: "fixture",
    version: "0.1.0",
    private: true,
    type: "module",
    workspaces: ["kernel/*", "extensions/*"],
    scripts: { test: "vitest run" },
    devDependencies: { vitest: "5.1.1" },
  }),
  "tsconfig.json": JSON.stringify({
    files: [],
    references: [{ path: "kernel/core" }, { path: "kernel/tools" }, { path: "extensions/sandbox" }],
  }),
  "README.md":
    'Run it:\n\n```sh\nnpm test\n```\n\n```ts\nimport { shout } from "@tau/tools";\n\nshout();\n```\n',
  "kernel/core/package.json": manifest("core", []),
  "kernel/core/tsconfig.json": project([]),
  "kernel/core/src/index.ts":
    'export { coreErrorCodes } from "./error-codes.ts";\nexport { hello, TauError } from "./hello.ts";\n',
  "kernel/core/src/error-codes.ts":
    '/** Codes. */\nexport const coreErrorCodes = { "word.empty": "There is no word. Give one." } as const;\n',
  "kernel/core/src/hello.ts": [
    "/** A failure. */",
    "export class TauError extends Error {",
    "  readonly code: string;",
    "  constructor(code: string, message: string) {",
    "    super(message);",
    "    this.code = code;",
    "  }",
    "}",
    "",
    "/** Says hello. */",
    "export function hello(word: string): string {",
    '  if (word === "") throw new TauError("word.empty", "The word is empty: give one.");',
    "  return `hello ${word}`;",
    "}",
    "",
  ].join("\n"),
  "kernel/core/src/hello.test.ts": [
    'import { expect, test } from "vitest";',
    "",
    'import { hello } from "./hello.ts";',
    "",
    'test("an empty word is refused", () => {',
    '  expect(() => hello("")).toThrow(expect.objectContaining({ code: "word.empty" }));',
    "});",
    "",
  ].join("\n"),
  "kernel/tools/package.json": manifest("tools", ["core"]),
  "kernel/tools/tsconfig.json": project(["../core"]),
  "kernel/tools/src/index.ts": 'export { shout } from "./shout.ts";\n',
  "kernel/tools/src/shout.ts":
    'import { hello } from "@tau/core";\n\n/** Shouts. */\nexport function shout(): string {\n  return hello("tau").toUpperCase();\n}\n',
  "extensions/sandbox/package.json": manifest("sandbox", ["tools"]),
  "extensions/sandbox/tsconfig.json": project(["../../kernel/tools"]),
  "extensions/sandbox/src/index.ts":
    'import { shout } from "@tau/tools";\n\n/** Shouts twice. */\nexport function twice(): string {\n  return shout() + shout();\n}\n',
};

/** Makes the workspace; disposing of it deletes the folder. */
export function createFixtureWorkspace(): FixtureWorkspace {
  const root = mkdtempSync(join(tmpdir(), "tau-fixture-"));
  const present = new Map<string, string>();
  const put = (path: string, content: string | undefined): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content === undefined) rmSync(join(root, path));
    else writeFileSync(join(root, path), content);
  };
  for (const [path, content] of Object.entries(faultless)) {
    put(path, content);
    present.set(path, content);
  }
  for (const rules of [".oxlintrc.json", ".oxfmtrc.json", "knip.json", "tsconfig.base.json"]) {
    cpSync(join(repository, rules), join(root, rules));
  }
  linkModules(root);
  return {
    root,
    read: () => readWorkspace(root),
    plant(files) {
      for (const [path, content] of Object.entries(files)) put(path, content);
      return {
        [Symbol.dispose]: () => {
          for (const path of Object.keys(files)) put(path, present.get(path));
        },
      };
    },
    run: (tool, ...args) => runTool(root, tool, args),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

/** The repository's own dependencies, but the workspace's own packages. */
function linkModules(root: string): void {
  const modules = join(root, "node_modules");
  mkdirSync(join(modules, "@tau"), { recursive: true });
  for (const name of readdirSync(join(repository, "node_modules"))) {
    if (name === "@tau" || name.startsWith(".")) continue;
    symlinkSync(join(repository, "node_modules", name), join(modules, name));
  }
  for (const folder of ["kernel/core", "kernel/tools", "extensions/sandbox"]) {
    symlinkSync(join(root, folder), join(modules, "@tau", folder.split("/")[1] ?? ""));
  }
}

function runTool(root: string, tool: string, args: readonly string[]): Promise<ToolResult> {
  const command = join(repository, "node_modules/.bin", tool);
  const env = { ...process.env, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ passed: error === null, output: `${stdout}\n${stderr}` });
    });
  });
}
