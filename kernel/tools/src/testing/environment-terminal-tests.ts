import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { EnvironmentFactory } from "./environment-fixture.ts";
import { codeOf, createEnvironmentFixture, processesWith, stubborn } from "./environment-fixture.ts";

const pty = { columns: 132, rows: 43 };

/** Checks processes that have a terminal. */
export function describeTerminals(create: EnvironmentFactory): void {
  describe("terminals", () => {
    it("gives a terminal of the size asked for, and passes arguments as they are", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const check = 'for n in 0 1 2; do [ -t "$n" ] || exit 9; done; stty size; printf "%s|" "$@"; exit 6';
      const running = await fixture.start({ argv: ["bash", "-c", check, "-", "it's $HOME", "", "ü\n"], pty });
      const said = await running.heard("ü\r\n|");
      expect(said).toContain("43 132\r\n");
      expect(said).toContain("it's $HOME||ü\r\n|");
      expect(await running.exit).toMatchObject({ exitCode: 6 });
    });

    it("tells the process of a new size", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const running = await fixture.start({
        bash: "trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.01; done",
        pty,
      });
      await running.heard("ready");
      running.resize?.({ columns: 90, rows: 20 });
      await running.heard("20 90\r\n");
      expect(await running.exit).toMatchObject({ exitCode: 5 });
    });

    it("interrupts the command in the foreground by Ctrl-C, and keeps the shell", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const shell = await fixture.start({ argv: ["bash", "--norc", "-i"], env: { PS1: "$ " }, pty });
      await shell.heard("$ ");
      await shell.write(`bash -c 'echo up; while :; do sleep 1; done' ${token}\n`);
      await shell.heard("up\r\n");
      await shell.write("\u0003");
      await shell.heard(/up\r\n[^]*\$ $/); // what is typed before the shell is back may be lost
      await shell.write("echo still $((40 + 2))\n");
      await shell.heard("still 42\r\n");
      expect(await processesWith(token)).toEqual([]);
      await shell.write("exit 0\n");
      expect(await shell.exit).toMatchObject({ exitCode: 0 });
    });

    it("ends the input of a process that reads, as Ctrl-D does", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const running = await fixture.start({ bash: "cat; echo the end", pty });
      await running.write("a line\n");
      await running.heard(/a line\r\n[^]*a line\r\n/); // the terminal's echo, and the answer
      running.closeInput();
      await running.heard("the end");
      expect(await running.exit).toMatchObject({ exitCode: 0 });
    });

    it("leaves nothing behind, however it ends", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const controller = new AbortController();
      const killed = await fixture.start({ bash: stubborn(token), pty });
      const aborted = await fixture.start({ bash: stubborn(token), pty }, controller.signal);
      const left = await fixture.start({ bash: `setsid ${stubborn(token)} & exit 3`, pty });
      await Promise.all([killed.heard("ready"), aborted.heard("ready")]);
      controller.abort(new Error("enough"));
      await killed.kill();
      await expect(aborted.exit).rejects.toThrow("enough");
      expect(await left.exit).toMatchObject({ exitCode: 3 });
      expect(await processesWith(token)).toEqual([]);
    });

    it("refuses sizes that are none", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const sizes = [
        { columns: 0, rows: 24 },
        { columns: 80, rows: 1.5 },
        { columns: 80, rows: 1001 },
      ];
      for (const size of sizes) {
        expect(await codeOf(fixture.start({ argv: ["true"], pty: size }))).toBe("environment.failed");
      }
    });
  });
}
