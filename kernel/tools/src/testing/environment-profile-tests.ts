import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import type { EnvironmentFactory, EnvironmentFixture } from "./environment-fixture.ts";
import { codeOf, createEnvironmentFixture, never } from "./environment-fixture.ts";

type PathOf = (fixture: EnvironmentFixture) => string;

const forbiddenToWrite: Readonly<Record<string, PathOf>> = {
  "a path outside": ({ outside }) => `${outside}/new.txt`,
  "the way up": ({ workspace }) => `${workspace}/folder/../../outside/new.txt`,
  "a link to a file outside": ({ at }) => at("to-canary"),
  "a link to a folder outside": ({ at }) => at("to-outside/new.txt"),
  "a link to a link": ({ at }) => at("to-link/deep/new.txt"),
  "a link to nowhere outside": ({ at }) => at("to-nowhere"),
  "the root link of a process": ({ outside }) => `/proc/self/root${outside}/new.txt`,
  "the folder link of a process": ({ outside }) => `/proc/self/cwd/../../../../../../../..${outside}/new.txt`,
  "a system file": () => "/etc/tau-contract",
  "a Git hook": ({ at }) => at(".git/hooks/pre-commit"),
  "a Git hook through a link": ({ at }) => at("to-hooks/pre-commit"),
  "Git's configuration": ({ at }) => at(".git/config"),
  "Git's folder itself": ({ at }) => at(".git"),
  "Tau's folder": ({ at }) => at(".tau/settings"),
  "a secret of the workspace": ({ at }) => at(".env"),
  "a secret of a folder": ({ at }) => at("folder/.env.production"),
  "the workspace itself": ({ workspace }) => workspace,
};

const forbiddenToRead: Readonly<Record<string, PathOf>> = {
  "a secret of the workspace": ({ at }) => at(".env"),
  "a secret through a link": ({ at }) => at("to-env"),
  "the password hashes": () => "/etc/shadow",
  "the password hashes by way of a process": () => "/proc/self/root/etc/shadow",
  "the variables of this process": () => "/proc/self/environ",
  "the memory of this process": () => `/proc/${process.pid}/mem`,
  "a device": () => "/dev/zero",
};

/** Checks that file operations obey the profile. */
export function describeProfiles(create: EnvironmentFactory): void {
  describe("profiles", () => {
    it.each(Object.entries(forbiddenToWrite))("does not write %s", async (_, pathOf) => {
      await using fixture = await createEnvironmentFixture(create);
      const before = picture(fixture);
      const write = fixture.environment.writeFile(pathOf(fixture), Buffer.from("pwned"), {}, never);
      expect(await codeOf(write)).toBe("environment.denied");
      expect(picture(fixture)).toEqual(before);
      expect(existsSync("/etc/tau-contract")).toBe(false);
    });

    it.each(Object.entries(forbiddenToRead))("does not read %s", async (_, pathOf) => {
      await using fixture = await createEnvironmentFixture(create);
      expect(await codeOf(fixture.environment.readFile(pathOf(fixture), never))).toBe("environment.denied");
      expect(await codeOf(fixture.environment.stat(pathOf(fixture), never))).toBe("environment.denied");
    });

    it("writes nothing under the read-only profile, and reads", async () => {
      await using fixture = await createEnvironmentFixture(create, { access: "read-only" });
      const before = picture(fixture);
      const write = fixture.environment.writeFile(fixture.at("inside.txt"), Buffer.from("new"), {}, never);
      expect(await codeOf(write)).toBe("environment.denied");
      expect(picture(fixture)).toEqual(before);
      const read = await fixture.environment.readFile(fixture.at("inside.txt"), never);
      expect(Buffer.from(read).toString()).toBe("inside");
    });

    it("writes outside and protected paths under the full profile, but reads no secrets", async () => {
      await using fixture = await createEnvironmentFixture(create, { access: "full" });
      await fixture.environment.writeFile(`${fixture.outside}/new.txt`, Buffer.from("x"), {}, never);
      await fixture.environment.writeFile(fixture.at(".git/config"), Buffer.from("x"), {}, never);
      expect(readdirSync(fixture.outside)).toEqual(["canary.txt", "new.txt"]);
      expect(await codeOf(fixture.environment.readFile(fixture.at(".env"), never))).toBe(
        "environment.denied",
      );
    });

    it("replaces a file that has another name outside without changing that one", async () => {
      await using fixture = await createEnvironmentFixture(create);
      linkSync(`${fixture.outside}/canary.txt`, fixture.at("hard"));
      await fixture.environment.writeFile(fixture.at("hard"), Buffer.from("new"), {}, never);
      expect(readFileSync(`${fixture.outside}/canary.txt`, "utf8")).toBe("untouched");
    });

    it("never writes outside while a folder is exchanged for a link again and again", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const spot = fixture.at("spot");
      const finished = new AbortController();
      const exchange = async (): Promise<void> => {
        while (!finished.signal.aborted) {
          replace(spot, () => symlinkSync(fixture.outside, spot));
          await setImmediate();
          replace(spot, () => mkdirSync(spot));
          await setImmediate();
        }
      };
      const write = async (): Promise<void> => {
        for (let round = 0; round < 150; round++) {
          await codeOf(fixture.environment.writeFile(fixture.at("spot/x"), Buffer.from("pwned"), {}, never));
        }
        finished.abort();
      };
      await Promise.all([exchange(), write()]);
      expect(readdirSync(fixture.outside)).toEqual(["canary.txt"]);
    });

    it("describes itself by a hash that changes with the profile", async () => {
      await using first = await createEnvironmentFixture(create);
      const { info } = first.environment;
      expect(info.profileHash).toMatch(/^[0-9a-f]{12}$/);
      expect(info.profile.workspace).toBe(first.workspace);
      rmSync(first.at("to-env"));
      const again = await create(info.profile);
      const other = await create({ ...info.profile, access: "read-only" });
      await again[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      expect(again.info.profileHash).toBe(info.profileHash);
      expect(other.info.profileHash).not.toBe(info.profileHash);
    });

    it("needs a workspace that exists", async () => {
      const profile = { access: "read-only", network: false } as const;
      const relative = async (): Promise<unknown> => await create({ ...profile, workspace: "here" });
      const missing = async (): Promise<unknown> =>
        await create({ ...profile, workspace: "/no/such/folder" });
      expect(await codeOf(missing())).toBe("environment.not_found");
      expect(await codeOf(relative())).toBe("environment.failed");
    });
  });
}

function byName(left: string, right: string): number {
  return left < right ? -1 : 1;
}

function replace(path: string, make: () => void): void {
  try {
    rmSync(path, { recursive: true, force: true });
    make();
  } catch {
    // The writer made the folder in between: the next exchange will do.
  }
}

/** What must not have changed after a denial. */
function picture(fixture: EnvironmentFixture): unknown {
  return {
    outside: readdirSync(fixture.outside),
    canary: readFileSync(`${fixture.outside}/canary.txt`, "utf8"),
    workspace: readdirSync(fixture.workspace, { recursive: true }).map(String).sort(byName),
    inside: readFileSync(fixture.at("inside.txt"), "utf8"),
    config: readFileSync(fixture.at(".git/config"), "utf8"),
  };
}
