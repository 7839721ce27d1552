import { createHash } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { EnvironmentFactory } from "./environment-fixture.ts";
import { codeOf, createEnvironmentFixture } from "./environment-fixture.ts";

/** Checks how commands are started, and what goes in and comes out. */
export function describeCommands(create: EnvironmentFactory): void {
  describe("commands", () => {
    it("answers the exit code, and 128 + signal when a signal ended the command", async () => {
      await using fixture = await createEnvironmentFixture(create);
      expect(await fixture.run({ bash: "exit 7" })).toMatchObject({ exitCode: 7, timedOut: false });
      expect(await fixture.run({ bash: "kill -KILL $$" })).toMatchObject({ exitCode: 137, timedOut: false });
      expect(await fixture.run({ bash: "kill -TERM $$" })).toMatchObject({ exitCode: 143, timedOut: false });
    });

    it("passes arguments as they are, without a shell", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { stdout } = await fixture.run({ argv: ["printf", "%s|", "*", "$HOME", "a b", "", "--", "ü"] });
      expect(Buffer.from(stdout, "latin1").toString()).toBe("*|$HOME|a b||--|ü|");
    });

    it("runs in the workspace, or in the folder asked for", async () => {
      await using fixture = await createEnvironmentFixture(create);
      expect((await fixture.run({ argv: ["pwd"] })).stdout.trim()).toBe(fixture.workspace);
      const elsewhere = await fixture.run({ argv: ["pwd"], cwd: fixture.at("folder") });
      expect(elsewhere.stdout.trim()).toBe(fixture.at("folder"));
    });

    it("refuses folders and programs that are not there", async () => {
      await using fixture = await createEnvironmentFixture(create);
      writeFileSync(fixture.at("plain"), "#!/bin/sh\n");
      chmodSync(fixture.at("plain"), 0o644);
      const code = (argv: [string], cwd?: string): Promise<string> =>
        codeOf(fixture.run({ argv, ...(cwd === undefined ? {} : { cwd }) }));
      expect(await code(["true"], fixture.at("missing"))).toBe("environment.not_found");
      expect(await code(["true"], fixture.at("inside.txt"))).toBe("environment.failed");
      expect(await code(["true"], "folder")).toBe("environment.failed");
      expect(await code(["tau-no-such-program"])).toBe("environment.failed");
      expect(await code([fixture.at("missing")])).toBe("environment.failed");
      expect(await code([fixture.at("plain")])).toBe("environment.failed");
      expect(await code([fixture.at("folder")])).toBe("environment.failed");
      expect(await code(["a\0b"])).toBe("environment.failed");
    });

    it("gives commands the variables asked for and none of this process's secrets", async () => {
      process.env["TAU_CONTRACT_API_KEY"] = "sk-contract-secret";
      try {
        await using fixture = await createEnvironmentFixture(create);
        const { stdout } = await fixture.run({ argv: ["env"], env: { ASKED_FOR: "yes" } });
        expect(stdout).toContain("ASKED_FOR=yes\n");
        expect(stdout).toMatch(/^PATH=/m);
        expect(stdout).toMatch(/^HOME=/m);
        expect(stdout).not.toContain("sk-contract-secret");
      } finally {
        delete process.env["TAU_CONTRACT_API_KEY"];
      }
    });

    it("hands over output while the command runs, and says which stream it is from", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const heard: string[] = [];
      const step = (name: string): string => `until [ -e ${name} ]; do sleep 0.01; done`;
      await fixture.run({
        bash: `echo one; ${step("go-one")}; echo two >&2; ${step("go-two")}; echo three`,
        onOutput(chunk, stream) {
          const word = Buffer.from(chunk).toString().trim();
          heard.push(`${stream}: ${word}`);
          writeFileSync(fixture.at(`go-${word}`), "");
        },
      });
      expect(heard).toEqual(["stdout: one", "stderr: two", "stdout: three"]);
    });

    it("loses no byte of much output on both streams", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { stdout, stderr } = await fixture.run({
        bash: "seq 1 300000; seq 1 100000 >&2; printf '\\0\\377\\200'",
      });
      const lines = (count: number): string =>
        `${Array.from({ length: count }, (_, index) => index + 1).join("\n")}\n`;
      const digest = (text: string): string => createHash("sha256").update(text, "latin1").digest("hex");
      expect(digest(stdout)).toBe(digest(`${lines(300_000)}\0\u00ff\u0080`));
      expect(digest(stderr)).toBe(digest(lines(100_000)));
    });

    it("has outputs that can be opened by name", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const { stdout, stderr } = await fixture.run({
        bash: "echo out > /dev/stdout; echo err | tee /dev/stderr",
      });
      expect({ stdout, stderr }).toEqual({ stdout: "out\nerr\n", stderr: "err\n" });
    });

    it("feeds standard input, or none", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const large = "0123456789abcdef".repeat(100_000);
      expect((await fixture.run({ argv: ["cat"], stdin: "héllo" })).stdout).toBe(
        Buffer.from("héllo").toString("latin1"),
      );
      expect((await fixture.run({ argv: ["cat"], stdin: Uint8Array.of(0, 255, 10) })).stdout).toBe(
        "\0\u00ff\n",
      );
      expect((await fixture.run({ argv: ["wc", "-c"], stdin: large })).stdout.trim()).toBe(
        String(large.length),
      );
      expect((await fixture.run({ argv: ["cat"] })).stdout).toBe("");
      expect((await fixture.run({ argv: ["true"], stdin: large })).exitCode).toBe(0);
    });

    it("runs many commands at once without mixing them up", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const runs = Array.from({ length: 6 }, (_, index) =>
        fixture.run({ bash: `cat; echo ${index}; exit ${index}`, stdin: `in ${index}\n` }),
      );
      const results = await Promise.all(runs);
      expect(results.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual(
        results.map((_, index) => ({ exitCode: index, stdout: `in ${index}\n${index}\n` })),
      );
    });
  });
}
