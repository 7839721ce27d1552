import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { chmod } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import type { EnvironmentFactory } from "./environment-fixture.ts";
import { codeOf, createEnvironmentFixture, never } from "./environment-fixture.ts";

/** Checks the file operations of the port, apart from what profiles forbid. */
export function describeFiles(create: EnvironmentFactory): void {
  describe("files", () => {
    it("reads the bytes that it wrote, whatever they are", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const bytes = Uint8Array.from({ length: 4096 }, (_, index) => index % 256);
      await fixture.environment.writeFile(fixture.at("bytes"), bytes, {}, never);
      const read = await fixture.environment.readFile(fixture.at("bytes"), never);
      expect(Buffer.from(read).equals(bytes)).toBe(true);
    });

    it("makes missing parents and gives a new file mode 644, or the mode asked for", async () => {
      await using fixture = await createEnvironmentFixture(create);
      await fixture.environment.writeFile(fixture.at("a/b/plain"), Buffer.from("x"), {}, never);
      await fixture.environment.writeFile(fixture.at("a/b/tool"), Buffer.from("x"), { mode: 0o755 }, never);
      expect((await fixture.environment.stat(fixture.at("a/b/plain"), never)).mode).toBe(0o644);
      expect((await fixture.environment.stat(fixture.at("a/b/tool"), never)).mode).toBe(0o755);
    });

    it("keeps the mode of an existing file", async () => {
      await using fixture = await createEnvironmentFixture(create);
      await chmod(fixture.at("inside.txt"), 0o750);
      await fixture.environment.writeFile(
        fixture.at("inside.txt"),
        Buffer.from("new"),
        { mode: 0o600 },
        never,
      );
      expect(await fixture.environment.stat(fixture.at("inside.txt"), never)).toEqual({
        kind: "file",
        size: 3,
        mode: 0o750,
      });
    });

    it("refuses to replace what exists when asked to create, and leaves it", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const write = fixture.environment.writeFile(
        fixture.at("inside.txt"),
        Buffer.from("new"),
        { exclusive: true },
        never,
      );
      expect(await codeOf(write)).toBe("environment.exists");
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("inside");
    });

    it("lets one of many creators win", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const writes = Array.from({ length: 8 }, (_, index) =>
        codeOf(
          fixture.environment.writeFile(
            fixture.at("won"),
            Buffer.from(`${index}`),
            { exclusive: true },
            never,
          ),
        ),
      );
      const codes = await Promise.all(writes);
      expect(codes.filter((code) => code === "environment.exists")).toHaveLength(7);
    });

    it("shows readers the old file or the new one, never a part, and leaves nothing behind", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const path = fixture.at("folder/big");
      const versions = ["a", "b"].map((letter) => Buffer.from(letter.repeat(300_000)));
      const [first] = versions;
      if (first === undefined) throw new TypeError("unreachable");
      await fixture.environment.writeFile(path, first, {}, never);
      const write = async (): Promise<void> => {
        for (let round = 0; round < 20; round++) {
          await fixture.environment.writeFile(path, versions[round % 2] ?? first, {}, never);
        }
      };
      const read = async (): Promise<void> => {
        for (let round = 0; round < 40; round++) {
          const seen = await fixture.environment.readFile(path, never);
          expect(versions.some((version) => version.equals(seen))).toBe(true);
        }
      };
      await Promise.all([write(), read()]);
      expect(readdirSync(fixture.at("folder"))).toEqual(["big"]);
    });

    it("writes through a link that stays inside", async () => {
      await using fixture = await createEnvironmentFixture(create);
      await fixture.environment.writeFile(fixture.at("to-inside"), Buffer.from("new"), {}, never);
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("new");
      expect(lstatSync(fixture.at("to-inside")).isSymbolicLink()).toBe(true);
    });

    it("tells what a path is", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { environment } = fixture;
      expect((await environment.stat(fixture.at("folder"), never)).kind).toBe("directory");
      expect((await environment.stat(fixture.at("to-inside"), never)).kind).toBe("file");
      expect((await environment.stat("/", never)).kind).toBe("directory");
      expect(await codeOf(environment.stat(fixture.at("missing"), never))).toBe("environment.not_found");
    });

    it("names missing files, folders and pipes instead of failing oddly or hanging", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { environment } = fixture;
      execFileSync("mkfifo", [fixture.at("pipe")]);
      const data = Buffer.from("x");
      expect(await codeOf(environment.readFile(fixture.at("missing"), never))).toBe("environment.not_found");
      expect(await codeOf(environment.readFile(fixture.at("folder"), never))).toBe("environment.failed");
      expect(await codeOf(environment.readFile(fixture.at("pipe"), never))).toBe("environment.failed");
      expect(await codeOf(environment.readFile(fixture.at("inside.txt/x"), never))).toBe(
        "environment.failed",
      );
      expect(await codeOf(environment.writeFile(fixture.at("folder"), data, {}, never))).toBe(
        "environment.failed",
      );
      expect(await codeOf(environment.writeFile(fixture.at("pipe"), data, {}, never))).toBe(
        "environment.failed",
      );
      expect(await codeOf(environment.readFile("inside.txt", never))).toBe("environment.failed");
      expect(await codeOf(environment.readFile(fixture.at("a\0b"), never))).toBe("environment.failed");
      expect(statSync(fixture.at("folder")).isDirectory()).toBe(true);
    });

    it("resolves links, also towards what is not there yet", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { environment } = fixture;
      expect(await environment.realPath(fixture.at("to-inside"), never)).toBe(fixture.at("inside.txt"));
      expect(await environment.realPath(fixture.at("to-link/x/y"), never)).toBe(`${fixture.outside}/x/y`);
      expect(await environment.realPath(fixture.at("to-nowhere"), never)).toBe(`${fixture.outside}/new.txt`);
      expect(await environment.realPath(fixture.at("a/../b"), never)).toBe(fixture.at("b"));
    });

    it("does nothing once its signal has aborted", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { environment } = fixture;
      const reason = new Error("stop");
      const aborted = AbortSignal.abort(reason);
      await expect(environment.readFile(fixture.at("inside.txt"), aborted)).rejects.toBe(reason);
      await expect(environment.stat(fixture.at("inside.txt"), aborted)).rejects.toBe(reason);
      await expect(
        environment.writeFile(fixture.at("inside.txt"), Buffer.from("new"), {}, aborted),
      ).rejects.toBe(reason);
      await expect(fixture.run({ bash: "echo new > inside.txt" }, aborted)).rejects.toBe(reason);
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("inside");
    });
  });
}
