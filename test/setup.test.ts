import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let root: string;

/** A project that needs nothing from the network: its only package is a workspace of its own. */
async function write(files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
}

function lockOf(version: string): object {
  const own = { name: "clone", version: "1.0.0", workspaces: ["part"] };
  const packages = {
    "": own,
    "node_modules/part": { resolved: "part", link: true },
    part: { version },
  };
  return { ...own, lockfileVersion: 3, requires: true, packages };
}

interface Answer {
  readonly code: number;
  readonly said: string;
}

/** Runs the set-up script of the clone, as npm does: without a terminal. */
function setUp(environment: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const env = { ...process.env, CI: "true", npm_config_offline: "true", ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, "scripts/setup.mjs")], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said: stdout + stderr });
    });
  });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tau-setup-"));
  await cp(join(import.meta.dirname, "../scripts/setup.mjs"), join(root, "scripts/setup.mjs"), {
    recursive: true,
  });
  await write({
    "package.json": { name: "clone", version: "1.0.0", workspaces: ["part"] },
    "part/package.json": { name: "part", version: "1.0.0" },
    "package-lock.json": lockOf("1.0.0"),
  });
});

afterEach(() => rm(root, { recursive: true }));

describe("scripts/setup.mjs", () => {
  test("installs in a fresh clone and says so, then has nothing to do and says nothing", async () => {
    const first = await setUp();
    const second = await setUp();

    expect(first.said).toContain(
      "installing the packages of package-lock.json (node_modules does not exist yet)",
    );
    expect(first.code).toBe(0);
    expect(await readFile(join(root, "node_modules/part/package.json"), "utf8")).toContain("part");
    expect(second).toEqual({ code: 0, said: "" });
  });

  test.each([
    ["integrity", { version: "2.0.0", integrity: "sha512-new" }],
    ["version", { version: "2.0.1", integrity: "sha512-old" }],
  ])("installs again when the lockfile names a package with another %s", async (_, wanted) => {
    await setUp();
    await write({
      "node_modules/.package-lock.json": { packages: { "node_modules/part": wanted } },
      "package-lock.json": lockOf("1.0.0"),
    });

    const { said } = await setUp();

    expect(said).toContain("package-lock.json has another node_modules/part");
  });

  test("installs again after an installation that did not finish", async () => {
    await setUp();
    await rm(join(root, "node_modules/.package-lock.json"));

    expect((await setUp()).said).toContain("the last installation did not finish");
  });

  test("installs again when a package was deleted", async () => {
    await setUp();
    await rm(join(root, "node_modules/part"));

    expect((await setUp()).said).toContain("node_modules/part was deleted");
  });

  test("fails with the remedy when npm cannot install", async () => {
    await write({ "package-lock.json": "{" });

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('"npm ci" failed');
    expect(said).toContain("Check the network");
  });

  test("fails with the remedy when npm's scripts would get a Node that is too old", async () => {
    await setUp();
    await write({ "old/node": "#!/bin/sh\necho v20.1.0\n" });
    await cp(join(root, "old/node"), join(root, "node_modules/.bin/node"));

    await chmod(join(root, "node_modules/.bin/node"), 0o755);
    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain("Tau needs Node.js 24 or later; npm's scripts would get v20.1.0.");
    expect(said).toContain("npm rebuild node --ignore-scripts=false");
  });
});
