import { execFileSync } from "node:child_process";
import { mkdir, symlink, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";

/** What stands where a folder's files belong, by what it is. */
const strange = {
  "a named pipe": (path: string) => Promise.resolve(execFileSync("mkfifo", [path])),
  "a device": async (path: string) => await symlink("/dev/zero", path),
  "a file larger than memory": async (path: string) => {
    execFileSync("touch", [path]);
    await truncate(path, 2 ** 40);
  },
} as const;

async function placeWith(make: (path: string) => Promise<unknown>, path: string): Promise<Place> {
  const place = await createPlace();
  await mkdir(dirname(join(place.cwd, path)), { recursive: true });
  await make(join(place.cwd, path));
  return place;
}

describe.runIf(process.platform !== "win32")("a folder that a stranger made", () => {
  test.each(Object.entries(strange))(
    "has %s as tau.toml: commands say so and go on living",
    async (_, make) => {
      await using place = await placeWith(make, "tau.toml");
      for (const command of [["run", "hi"], ["doctor"], ["trust", "--yes"], ["sessions"]]) {
        const { code, stdout, stderr } = await place.tau(command);
        expect(code).not.toBe(exitCodes.ok);
        expect(stdout + stderr).toMatch(
          /tau\.toml cannot be read.* The file is not read: it (?:is no regular file|has more than)/u,
        );
      }
    },
  );

  test.each(Object.entries(strange))(
    "has %s as the lock of its skills: none of them counts",
    async (_, make) => {
      await using place = await placeWith(make, ".tau/skills/skills.lock");
      await place.write(".tau/skills/odd/SKILL.md", "---\nname: odd\ndescription: Is odd.\n---\nBe odd.\n");
      const { code, stdout } = await place.tau(["skills", "list"]);
      expect([code, stdout]).toEqual([exitCodes.ok, expect.stringContaining("Their lock cannot be read.")]);
    },
  );

  test.each(Object.entries(strange))("has %s as mcp.lock: it is not taken for none", async (_, make) => {
    await using place = await placeWith(make, "mcp.lock");
    await place.write("tau.toml", "[mcp.servers.a]\ncommand = ['nothing-there']\n");
    await place.tau(["trust", "--yes"]);
    for (const command of [
      ["mcp", "list"],
      ["mcp", "approve", "a", "--yes"],
    ]) {
      const { code, stderr } = await place.tau(command);
      expect(code).not.toBe(exitCodes.ok);
      expect(stderr).toMatch(
        /mcp\.lock cannot be read: remove it.* it (?:is no regular file|has more than).*\[mcp\.invalid_lock\]/u,
      );
    }
  });

  test("has /dev/null as tau.toml: a file that says nothing", async () => {
    await using place = await placeWith(async (path) => await symlink("/dev/null", path), "tau.toml");
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    const named = ["--config", "/dev/null", "--environment", "host", ...model.options];
    expect((await place.tau(["run", "hi", ...named])).code).toBe(exitCodes.ok);
    expect((await place.tau(["trust", "--yes"])).code).toBe(exitCodes.ok);
  });

  test.each(Object.entries(strange))("has %s where secrets and requirements are read", async (_, make) => {
    await using place = await placeWith(make, "odd");
    const file = join(place.cwd, "odd");
    await place.write("tau.toml", `[model]\nprovider = 'openai'\nid = 'x'\napi_key = 'file:${file}'\n`);
    const keyed = await place.tau(["run", "--config", "tau.toml", "hi"]);
    expect([keyed.code, keyed.stderr]).toEqual([
      exitCodes.usage,
      expect.stringMatching(/The file is not read: it (?:is no|has more).*\[config\.secret_missing\]/u),
    ]);
    await using model = await startScripted({ turns: [] });
    await place.write("tau.toml", "");
    const asked = await place.tau([
      "run",
      "--config",
      "tau.toml",
      "--readiness",
      "odd",
      ...model.options,
      "hi",
    ]);
    expect(asked.stderr).toMatch(/--readiness: \S+odd cannot be read\. The file is not read: it/u);
  });
});
