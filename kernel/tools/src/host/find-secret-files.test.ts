import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import { createSecretFinder } from "./find-secret-files.ts";
import { isSecretFileName } from "./guarded-paths.ts";

async function freshFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, "tau-secrets-"));
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}-tick`, { force: true });
  });
  return folder;
}

/** As if everything had rested for long: so listings are kept. */
const later = (): number => Date.now() + 60_000;

/** Waits for a tick of the kernel's clock, after which a change has another time than those before. */
function tick(folder: string): void {
  const file = `${folder}-tick`;
  const time = (): bigint => {
    writeFileSync(file, "");
    return statSync(file, { bigint: true }).ctimeNs;
  };
  for (const first = time(); time() === first;);
}

describe("createSecretFinder()", () => {
  it("finds files with secret names four folders deep, and none in the folders of tools", async () => {
    const workspace = await freshFolder();
    for (const folder of ["a/b/c/d", "node_modules/x"])
      await mkdir(join(workspace, folder), { recursive: true });
    const files = [
      ".env",
      "a/.env.local",
      "a/.env.example",
      "a/b/c/.envrc",
      "a/b/c/d/.env",
      "node_modules/x/.env",
    ];
    for (const file of files) await writeFile(join(workspace, file), "");

    const found = await createSecretFinder(workspace, isSecretFileName)();

    expect(found.map((path) => relative(workspace, path))).toEqual([".env", "a/.env.local", "a/b/c/.envrc"]);
    await rm(workspace, { recursive: true });
  });

  it("finds a folder that lets its owner open files in it, but not list them", async () => {
    // Another user must get there, and a temporary folder may be its owner's alone.
    const workspace = await freshFolder("/var/tmp");
    await mkdir(join(workspace, "locked/inner"), { recursive: true });
    await writeFile(join(workspace, "locked/.env"), "");
    await chmod(join(workspace, "locked"), 0o311);
    const user = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
    if (user === 65_534)
      for (const path of [workspace, join(workspace, "locked")]) await chown(path, user, user);
    const module = new URL("./find-secret-files.ts", import.meta.url).href;
    const script = `const { createSecretFinder } = await import(${JSON.stringify(module)});
      console.log(JSON.stringify(await createSecretFinder(${JSON.stringify(workspace)}, (name) => name === ".env")()));`;

    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@tau/source", "--input-type=module", "-e", script],
      { encoding: "utf8", ...(user === 65_534 ? { uid: user, gid: user } : {}) },
    );

    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([join(workspace, "locked")]);
    await chmod(join(workspace, "locked"), 0o700);
    await rm(workspace, { recursive: true });
  });

  it("answers after any changes what a search from scratch does", async () => {
    const name = fc.constantFrom("a", "b", ".env", ".env.local", "node_modules");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
    const change = fc.oneof(
      fc.record({ kind: fc.constant("folder" as const), path }),
      fc.record({ kind: fc.constant("file" as const), path }),
      fc.record({ kind: fc.constant("remove" as const), path }),
      fc.record({ kind: fc.constant("move" as const), path, to: path }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const workspace = await freshFolder();
        const find = createSecretFinder(workspace, isSecretFileName, later);
        for (const step of changes) {
          tick(workspace);
          const at = join(workspace, step.path);
          // What cannot be done, such as a file below a file, is left undone.
          if (step.kind === "folder") await mkdir(at, { recursive: true }).catch(() => undefined);
          else if (step.kind === "file") await writeFile(at, "").catch(() => undefined);
          else if (step.kind === "remove") await rm(at, { recursive: true }).catch(() => undefined);
          else await rename(at, join(workspace, step.to)).catch(() => undefined);

          expect(await find()).toEqual(await createSecretFinder(workspace, isSecretFileName)());
        }
        await rm(workspace, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it("reads a folder again that changed within the last second, and no other", async () => {
    const workspace = await freshFolder();
    await writeFile(join(workspace, ".env"), "");
    const readings = async (now: () => number): Promise<number> => {
      let asked = 0;
      const isSecret = (): boolean => asked++ >= 0;
      const find = createSecretFinder(workspace, isSecret, now);
      for (let search = 0; search < 3; search++) expect(await find()).toEqual([join(workspace, ".env")]);
      return asked;
    };

    expect(await readings(later)).toBe(1);
    expect(await readings(() => statSync(workspace).ctimeMs + 900)).toBe(3);
    await rm(workspace, { recursive: true });
  });
});
