import { existsSync } from "node:fs";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test, vi } from "vitest";

import { createGitFixture } from "./git.test.support.ts";
import type { GitFixture } from "./git.test.support.ts";
import { gitTraps } from "./git-traps.test.support.ts";

/** Every file outside with its content, but for what a push may bring to the remote. */
async function outsideOf({ outside }: GitFixture): Promise<readonly string[]> {
  const entries = await readdir(outside, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("origin.git"));
  return await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return `${path}: ${(await readFile(path)).toString("base64")}`;
    }),
  );
}

describe("a hostile repository", () => {
  test.each(gitTraps)("springs no trap by $name", async ({ plant, bait, tries }) => {
    const fixture = await createGitFixture();
    const canary = join(fixture.outside, "canary");
    await fixture.bash(plant);
    await rm(canary, { force: true });
    if (bait !== undefined) {
      const untouched = `${fixture.outside}.before`;
      await cp(fixture.workspace, `${untouched}-workspace`, { recursive: true, verbatimSymlinks: true });
      await cp(fixture.outside, untouched, { recursive: true, verbatimSymlinks: true });
      await fixture.bash(bait);
      // Else the trap is none, and the rest would prove nothing.
      expect(existsSync(canary)).toBe(true);
      await fixture.bash(
        `find . "$OUT" -mindepth 1 -delete; cp -a "$OUT.before-workspace/." .; cp -a "$OUT.before/." "$OUT"`,
      );
    }
    const before = await outsideOf(fixture);

    const said: string[] = [];
    for (const [tool, input] of tries) said.push(await fixture.call(tool, input));

    expect({ fired: existsSync(canary), said }).toMatchObject({ fired: false });
    expect(await outsideOf(fixture)).toEqual(before);
    expect(said.join("\n")).not.toContain("SECRET-VALUE");
  });

  test("there are at least 40 traps, and more than 40 of them are shown to be live", () => {
    expect(gitTraps.length).toBeGreaterThanOrEqual(40);
    expect(gitTraps.filter(({ bait }) => bait !== undefined).length).toBeGreaterThan(40);
  });

  test("Git's variables of this process reach no command", async () => {
    const fixture = await createGitFixture();
    const fire = join(fixture.outside, "../fire");
    for (const name of [
      "GIT_EXTERNAL_DIFF",
      "GIT_SSH_COMMAND",
      "GIT_EDITOR",
      "GIT_PAGER",
      "GIT_PROXY_COMMAND",
    ])
      vi.stubEnv(name, fire);
    vi.stubEnv("GIT_CONFIG_PARAMETERS", `'core.fsmonitor=${fire}'`);
    try {
      expect(await fixture.call("git_read", { verb: "diff" })).toContain("+three");
      await fixture.call("git_write", { verb: "add", paths: ["a.txt"] });
      await fixture.call("git_publish", { verb: "fetch" });
    } finally {
      vi.unstubAllEnvs();
    }

    expect(existsSync(join(fixture.outside, "canary"))).toBe(false);
  });
});

describe("values that Git could take for something else", () => {
  const output = "--output=../outside/canary";
  test.each([
    ["git_read", { verb: "diff", revision: output }],
    ["git_read", { verb: "log", revision: output }],
    ["git_read", { verb: "show", revision: output }],
    ["git_read", { verb: "blame", revision: "--contents=/etc/passwd", paths: ["a.txt"] }],
    ["git_read", { verb: "diff", revision: "HEAD..--output=x" }],
    ["git_read", { verb: "show", revision: "HEAD:a.txt" }],
    ["git_read", { verb: "show", revision: ":/second" }],
    ["git_read", { verb: "show", paths: ["../outside/x"] }],
    ["git_read", { verb: "show", paths: [".git/config"] }],
    ["git_read", { verb: "blame", paths: ["/etc/passwd"] }],
    ["git_write", { verb: "add", paths: ["sub/../.GIT/config"] }],
    ["git_write", { verb: "add", paths: ["../outside"] }],
    ["git_write", { verb: "branch", name: "-D", revision: "main" }],
    ["git_write", { verb: "branch", name: "x", revision: "--force" }],
    ["git_write", { verb: "switch", name: "--detach" }],
    ["git_write", { verb: "switch", name: "a..b" }],
    ["git_write", { verb: "restore", paths: ["a.txt"], revision: "--pathspec-from-file=/etc/passwd" }],
    ["git_publish", { verb: "fetch", remote: "--upload-pack=touch ../outside/canary" }],
    ["git_publish", { verb: "fetch", remote: "ext::sh -c id" }],
    ["git_publish", { verb: "fetch", remote: "https://example.org/x" }],
    ["git_publish", { verb: "fetch", branch: "+refs/*:refs/*" }],
    ["git_publish", { verb: "push", branch: "--receive-pack=touch" }],
    ["git_publish", { verb: "push", branch: ":main" }],
    ["git_publish", { verb: "reset", revision: "--pathspec-from-file=x" }],
  ] as const)("%s refuses %o", async (tool, input) => {
    const fixture = await createGitFixture();

    expect(await fixture.call(tool, input)).toContain("git.invalid_value");
    expect(await readdir(fixture.outside)).toEqual(["origin.git"]);
  });

  test.each(["..", "../outside/origin.git", "/etc", "link"])(
    "opens no repository at %s",
    async (repository) => {
      const fixture = await createGitFixture();
      await fixture.bash('ln -s "$OUT/origin.git" link');

      const said = await fixture.call("git_read", { verb: "log", repository });

      expect(said).toContain("git.unsafe_repository");
    },
  );

  test("reads no file of gigabytes where Git has a line", async () => {
    const fixture = await createGitFixture();
    await fixture.bash("truncate -s 1G .git/objects/info/alternates");

    expect(await fixture.call("git_read", { verb: "log" })).toContain(
      "1073741824 bytes where a line belongs",
    );
  });

  test("finds no repository above the folder that was named", async () => {
    const fixture = await createGitFixture();
    await fixture.bash("mkdir -p deep/er");

    const said = await fixture.call("git_read", { verb: "status", repository: "deep/er" });

    expect(said).toContain("git.not_a_repository");
  });
});
