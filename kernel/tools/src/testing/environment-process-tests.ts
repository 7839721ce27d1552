import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { leftovers } from "./environment-end-tests.ts";
import type { EnvironmentFactory } from "./environment-fixture.ts";
import {
  codeOf,
  createEnvironmentFixture,
  endlessChild,
  processesWith,
  stubborn,
} from "./environment-fixture.ts";

/** Checks processes that live beside the call that started them. */
export function describeProcesses(create: EnvironmentFactory): void {
  describe("processes", () => {
    describeConversation(create);
    describeProcessEnds(create);
  });
}

function describeConversation(create: EnvironmentFactory): void {
  it("talks with a process until its input ends", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const heard: string[] = [];
    const echo = await fixture.start({
      bash: 'while read -r line; do echo "out $line"; echo err >&2; done; exit 4',
      onOutput: (_, stream) => heard.push(stream),
    });
    await echo.write("one\n");
    expect(await echo.heard("out one\n")).toContain("out one\n");
    await echo.write(Buffer.from("two\n"));
    await echo.heard("out two\n");
    echo.closeInput();
    expect(await echo.exit).toMatchObject({ exitCode: 4, timedOut: false });
    expect(new Set(heard)).toEqual(new Set(["stdout", "stderr"]));
    expect(echo.resize).toBeUndefined();
    expect(await codeOf(echo.write("three\n"))).toBe("environment.failed");
  });

  it("passes large input and output whole, and many processes without mixing them up", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const large = "0123456789abcdef".repeat(50_000);
    const counters = await Promise.all(
      [1, 2, 3].map(async (number) => await fixture.start({ bash: `wc -c; echo end ${number}` })),
    );
    const answers = counters.map(async (counter, index) => {
      await counter.write(large.repeat(index + 1));
      counter.closeInput();
      const said = await counter.heard("end");
      await counter.exit;
      return said.split(/\s+/).filter((word) => word !== "");
    });
    expect(await Promise.all(answers)).toEqual(
      [1, 2, 3].map((number) => [String(large.length * number), "end", String(number)]),
    );
  });

  it("starts in the workspace or the folder asked for, with the variables asked for", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const here = await fixture.start({ bash: 'echo "$PWD $ASKED_FOR."', env: { ASKED_FOR: "yes" } });
    const there = await fixture.start({ bash: 'echo "$PWD $ASKED_FOR."', cwd: fixture.at("folder") });
    expect(await here.heard(".\n")).toBe(`${fixture.workspace} yes.\n`);
    expect(await there.heard(".\n")).toBe(`${fixture.at("folder")} .\n`);
    await Promise.all([here.exit, there.exit]);
  });

  it("gives no input where none is wanted", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const running = await fixture.start({ bash: "cat; readlink /proc/self/fd/0", input: false });
    expect(await running.heard("null")).toBe("/dev/null\n");
    expect(await codeOf(running.write("x"))).toBe("environment.failed");
    expect(await running.exit).toMatchObject({ exitCode: 0 });
  });

  it("does not run a shell's start files because it is talked to", async () => {
    await using fixture = await createEnvironmentFixture(create);
    writeFileSync(fixture.at(".bashrc"), "echo started");
    const running = await fixture.start({ bash: "echo as asked", env: { HOME: fixture.workspace } });
    expect(await running.heard("as asked\n")).toBe("as asked\n");
    await running.exit;
  });

  it("refuses programs and folders that are not there", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const missing = async (): Promise<unknown> => {
      const started = await fixture.start({ argv: ["tau-no-such-program"] });
      return await started.exit;
    };
    expect(await codeOf(missing())).toBe("environment.failed");
    expect(await codeOf(fixture.start({ argv: ["true"], cwd: fixture.at("missing") }))).toBe(
      "environment.not_found",
    );
  });

  it("writes nothing when it is to read only, where that is enforced", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const touch = await fixture.start({ bash: "touch made && echo made", readOnly: true });
    const { exitCode } = await touch.exit;
    expect(exitCode !== 0 || !fixture.environment.info.enforced).toBe(true);
  });
}

function describeProcessEnds(create: EnvironmentFactory): void {
  it.each(Object.entries(leftovers))("leaves no child %s", async (_, line) => {
    await using fixture = await createEnvironmentFixture(create);
    const token = randomUUID();
    const running = await fixture.start({ bash: line.replace("CHILD", endlessChild(token)) });
    expect(await running.exit).toMatchObject({ exitCode: 0 });
    expect(await processesWith(token)).toEqual([]);
  });

  it("ends the process and its children when it is killed, and says by what", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const token = randomUUID();
    const running = await fixture.start({ bash: stubborn(token) });
    await running.heard("ready");
    await running.kill();
    expect(await processesWith(token)).toEqual([]);
    const { exitCode } = await running.exit;
    expect(exitCode).toBeGreaterThanOrEqual(128);
    await running.kill();
  });

  it("ends the process when the signal aborts, and rejects with the signal's reason", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const token = randomUUID();
    const controller = new AbortController();
    const running = await fixture.start({ bash: stubborn(token) }, controller.signal);
    const deserted = await fixture.start({ bash: stubborn(token) }, controller.signal);
    await Promise.all([running.heard("ready"), deserted.heard("ready")]);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(running.exit).rejects.toBe(reason);
    await deserted.kill();
    expect(await processesWith(token)).toEqual([]);
    await expect(fixture.start({ argv: ["true"] }, controller.signal)).rejects.toBe(reason);
  });

  it("ends its processes when it is disposed of, and starts no more", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const token = randomUUID();
    const running = await fixture.start({ bash: stubborn(token) });
    await running.heard("ready");
    await fixture.environment[Symbol.asyncDispose]();
    expect(await processesWith(token)).toEqual([]);
    expect(await codeOf(running.exit)).toBe("environment.failed");
    expect(await codeOf(fixture.start({ argv: ["true"] }))).toBe("environment.failed");
  });

  it("ends a process whose listener throws, and rejects with what it threw", async () => {
    await using fixture = await createEnvironmentFixture(create);
    const token = randomUUID();
    const broken = new Error("broken listener");
    const running = await fixture.start({
      bash: stubborn(token),
      onOutput() {
        throw broken;
      },
    });
    await expect(running.exit).rejects.toBe(broken);
    expect(await processesWith(token)).toEqual([]);
  });
}
