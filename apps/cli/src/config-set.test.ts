import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, rm, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";

/** A folder whose tau.toml is more than rules, so that it counts only once it is trusted. */
async function createProject(): Promise<Place> {
  const place = await createPlace();
  await place.write("tau.toml", "[agent]\ninstructions = 'Be kind.'\n");
  return place;
}

async function isTrusted(place: Place): Promise<boolean> {
  const { code, stderr } = await place.tau(["permissions", "list"]);
  if (code === exitCodes.ok) return true;
  expect(stderr).toContain("config.untrusted");
  return false;
}

test("trust in a folder covers whatever is in .tau, behind however many files it stands", async () => {
  await using place = await createProject();
  for (let index = 0; index < 250; index++) await place.write(`.tau/a${index}.md`, "Filler.");
  await place.write(".tau/z.toml", "before");
  await place.tau(["trust", "--yes"]);
  expect(await isTrusted(place)).toBe(true);

  await place.write(".tau/z.toml", "after");

  expect(await isTrusted(place)).toBe(false);
});

test("nobody trusts more than can be looked at, or what a link to a folder shows", async () => {
  await using place = await createProject();
  await mkdir(join(place.base, "elsewhere"));
  await mkdir(join(place.cwd, ".tau"));
  await symlink(join(place.base, "elsewhere"), join(place.cwd, ".tau/agents"));

  const linked = await place.tau(["trust", "--yes"]);
  expect(linked.stderr).toContain("config.not_trustable");
  await rm(join(place.cwd, ".tau/agents"));
  await promisify(execFile)("mkfifo", [join(place.cwd, ".tau/pipe")]);
  const waiting = await place.tau(["trust", "--yes"]);
  await rm(join(place.cwd, ".tau/pipe"));
  await place.write(".tau/large", "");
  await truncate(join(place.cwd, ".tau/large"), 3 * 2 ** 30);
  const large = await place.tau(["trust", "--yes"]);
  await rm(join(place.cwd, ".tau/large"));
  for (let index = 0; index < 2_001; index++) await place.write(`.tau/a${index}.md`, "");
  const many = await place.tau(["trust", "--yes"]);

  expect([linked.code, linked.stderr]).toEqual([exitCodes.usage, expect.stringContaining(".tau/agents")]);
  expect([waiting.code, waiting.stderr]).toEqual([exitCodes.usage, expect.stringContaining(".tau/pipe")]);
  expect([large.code, large.stderr]).toEqual([exitCodes.usage, expect.stringContaining(".tau/large")]);
  expect([many.code, many.stderr]).toEqual([exitCodes.usage, expect.stringContaining("2000 files")]);
});

test("nobody trusts a .tau of which a part cannot be listed", async () => {
  await using place = await createProject();
  await place.write(".tau/server.mjs", "before");
  await place.tau(["trust", "--yes"]);
  expect(await isTrusted(place)).toBe(true);

  // Deeper than a path may be long: whoever works with relative names, as Git does, makes such folders.
  const deep = "d".repeat(200);
  const script = `mkdir -p .tau && cd .tau && for i in $(seq 25); do mkdir ${deep} && cd -P ${deep}; done`;
  await promisify(execFile)("bash", ["-c", script], { cwd: place.cwd });
  await place.write(".tau/server.mjs", "after");

  const trusting = await place.tau(["trust", "--yes"]);
  expect([trusting.code, trusting.stderr]).toEqual([
    exitCodes.usage,
    expect.stringContaining("config.not_trustable"),
  ]);
  const { code, stderr } = await place.tau(["permissions", "list"]);
  expect([code, stderr]).toEqual([exitCodes.usage, expect.stringContaining("config.")]);
  await promisify(execFile)("rm", ["-rf", ".tau"], { cwd: place.cwd });
});

test("no name of a file stands for the lines of others", async () => {
  await using place = await createProject();
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  await place.write(`.tau/a\n${sha256("evil")}  .tau/b`, "kind");
  await place.tau(["trust", "--yes"]);
  expect(await isTrusted(place)).toBe(true);

  await rm(join(place.cwd, ".tau"), { recursive: true });
  await place.write(".tau/a", "kind");
  await place.write(".tau/b", "evil");

  expect(await isTrusted(place)).toBe(false);
});
