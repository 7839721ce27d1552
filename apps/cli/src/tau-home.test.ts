import { chmod, chown, lchown, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";
import { toUnusableHome } from "./tau-home.ts";

const isRoot = process.getuid?.() === 0;
const stranger = 65_534;

async function homeOf(place: Place, mode = 0o700): Promise<string> {
  const home = place.env["TAU_HOME"] ?? "";
  await mkdir(home);
  await chmod(home, mode);
  return home;
}

describe("where Tau keeps its data", () => {
  test.each([0o777, 0o1777, 0o770, 0o722])("is not believed with mode %o", async (mode) => {
    await using place = await createPlace();
    const home = await homeOf(place, mode);

    const { code, stderr } = await place.tau(["permissions", "list"]);

    expect([code, stderr]).toEqual([exitCodes.usage, expect.stringContaining("cli.unsafe_home")]);
    expect(stderr).toContain(`${home}, where Tau keeps its data, can be written by others`);
  });

  test.runIf(isRoot)("is not believed when it, or the link to it, is somebody else's", async () => {
    await using place = await createPlace();
    const home = await homeOf(place);
    await chown(home, stranger, stranger);
    // A stranger points to a folder of ours that holds what others wrote, such as a checkout.
    const linked = join(place.base, "linked");
    const checkout = join(place.base, "checkout");
    await mkdir(checkout, { mode: 0o700 });
    await symlink(checkout, linked);
    await lchown(linked, stranger, stranger);

    for (const TAU_HOME of [home, linked]) {
      const { code, stderr } = await place.tau(["permissions", "list"], { env: { TAU_HOME } });
      expect([code, stderr]).toEqual([exitCodes.usage, expect.stringContaining("belongs to somebody else")]);
    }
  });

  test("may be a link of one's own, and be read by others", async () => {
    await using place = await createPlace();
    const real = join(place.base, "disk");
    await mkdir(real);
    await chmod(real, 0o755);
    await symlink(real, place.env["TAU_HOME"] ?? "");

    expect((await place.tau(["permissions", "list"])).code).toBe(exitCodes.ok);
  });

  test.each([
    ["run", "--base-url", "http://127.0.0.1:1", "--model", "m", "hi"],
    ["sessions", "list"],
    ["permissions", "list"],
    ["events"],
  ])("is named when it cannot be made, by tau %s", async (...args) => {
    await using place = await createPlace();
    // Where not even root can make a folder.
    const home = "/sys/tau/data";
    const { code, stderr } = await place.tau(args, { env: { TAU_HOME: home } });

    expect(stderr).toContain(`tau: ${home}, where Tau keeps its data, cannot be used`);
    expect(stderr).toMatch(/name another folder in TAU_HOME\. \[\S+\]\n {2}E[A-Z]+: /u);
    expect(stderr).toContain("cli.unusable_home");
    expect(code).toBe(exitCodes.usage);
  });

  test.each([
    ["EACCES", "open", "/h/tau/store/db", true],
    ["ENOSPC", "write", "/h/tau/rules", true],
    ["EROFS", "mkdir", "/h", true],
    ["ENOTDIR", "scandir", "/h/tau/skills", true],
    ["ENOENT", "mkdir", "/h/tau/store", true],
    ["ENOENT", "mkdir", "/h", true],
    ["EEXIST", "mkdir", "/h/tau/store", true],
    ["ENAMETOOLONG", "mkdir", "/h/tau", true],
    ["EACCES", "open", "/h/tau2/rules", false],
    // Nobody mends these by a right to write: what somebody removed, or a mistake of Tau.
    ["ENOENT", "open", "/h/tau/rules", false],
    ["EEXIST", "open", "/h/tau/rules", false],
    ["EISDIR", "read", "/h/tau/rules", false],
  ])("is named for %s of %s %s: %s", (code, syscall, path, expected) => {
    const error = Object.assign(new Error(code), { code, syscall, path });
    expect(toUnusableHome(error, "/h/tau")?.code).toBe(expected ? "cli.unusable_home" : undefined);
  });

  test("is no file", async () => {
    await using place = await createPlace();
    await place.write("file", "");

    const { stderr } = await place.tau(["permissions", "list"], {
      env: { TAU_HOME: join(place.cwd, "file") },
    });

    expect(stderr).toContain("is no folder");
  });
});
