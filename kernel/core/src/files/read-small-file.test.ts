import { execFileSync } from "node:child_process";
import { mkdtemp, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { readSmallFile, readTextFile } from "./read-small-file.ts";

async function freshFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "tau-small-file-"));
}

describe("readSmallFile()", () => {
  test("reads a file, up to the last byte that it may have", async () => {
    const path = join(await freshFolder(), "file");
    await writeFile(path, "añb");
    expect(await readTextFile(path)).toBe("añb");
    expect(await readSmallFile(path, 4)).toEqual(Buffer.from("añb"));
    await expect(readSmallFile(path, 3)).rejects.toMatchObject({
      code: "file.unfit",
      message: "The file is not read: it has more than 3 bytes.",
    });
  });

  test("does not read what is larger than memory", async () => {
    const path = join(await freshFolder(), "large");
    await writeFile(path, "");
    await truncate(path, 2 ** 40);
    await expect(readSmallFile(path)).rejects.toMatchObject({ code: "file.unfit" });
  });

  test.runIf(process.platform !== "win32")(
    "waits for nobody at the other end of a named pipe, and does not open a device behind a link",
    async () => {
      const folder = await freshFolder();
      execFileSync("mkfifo", [join(folder, "pipe")]);
      await symlink("/dev/zero", join(folder, "endless"));
      for (const name of ["pipe", "endless"])
        await expect(readSmallFile(join(folder, name))).rejects.toMatchObject({
          code: "file.unfit",
          message: "The file is not read: it is no regular file.",
        });
      await expect(readSmallFile(folder)).rejects.toMatchObject({
        message: "The file is not read: it is a folder.",
      });
    },
  );

  test("leaves what the system says as it is", async () => {
    await expect(readSmallFile(join(await freshFolder(), "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.runIf(process.platform === "linux")(
    "believes no size: a file of /proc says it has none, and one may grow",
    async () => {
      expect(await readTextFile("/proc/self/status")).toMatch(/^Name:/u);
      await expect(readSmallFile("/proc/self/status", 10)).rejects.toMatchObject({ code: "file.unfit" });
    },
  );

  test.runIf(process.platform !== "win32")("reads a pipe that the process was given, to its end", () => {
    const module = new URL("read-small-file.ts", import.meta.url).href;
    const program = `const { readTextFile } = await import(${JSON.stringify(module)});
      process.stdout.write(String((await readTextFile("/dev/stdin")).length));`;
    // What Node makes for a child is a socket.
    const command = `head -c 100000 /dev/zero | "$0" --conditions=@tau/source --input-type=module -e "$1"`;
    const said = execFileSync("sh", ["-c", command, process.execPath, program], { encoding: "utf8" });
    expect(said).toBe("100000");
  });
});
