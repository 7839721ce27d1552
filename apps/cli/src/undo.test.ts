import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place, Scripted } from "./cli.test.support.ts";

function modelThatRuns(command: string): Promise<Scripted> {
  const call = { name: "bash", arguments: { command } };
  return startScripted({ turns: [{ toolCalls: [call] }, { text: "Done." }] });
}

/** A folder with one file and a model that changes it; ends when the run waits. */
async function reviewed(place: Place, command: string): Promise<Scripted> {
  await place.write("a.txt", "one\ntwo\n");
  const model = await modelThatRuns(command);
  const ran = await place.tau(["run", ...model.options, "--review", "--approve", "ask", "hi"]);
  expect(ran.code).toBe(6);
  return model;
}

describe("tau run --review", () => {
  test("shows what a command changes before it is kept, and tau undo takes it back", async () => {
    await using place = await createPlace();
    await using model = await reviewed(place, "sed -i s/two/2/ a.txt; echo new > new.txt; echo ran");
    expect(await readFile(join(place.cwd, "a.txt"), "utf8")).toBe("one\ntwo\n");

    const { stdout } = await place.tau(["approve", "last"]);
    expect(stdout).toContain("It changes a.txt (changed), new.txt (created).");
    expect(stdout).toContain("It ran on a copy. 2 changes, not kept yet");
    expect(stdout).toMatch(/-two\n\s+\+2\n/u);
    expect(existsSync(join(place.cwd, "new.txt"))).toBe(false);

    await place.tau(["approve", "last", "--allow", "--yes"]);
    const resumed = await place.tau([
      "run",
      ...model.options,
      "--review",
      "--approve",
      "ask",
      "--resume",
      "last",
    ]);
    expect([resumed.code, resumed.stdout]).toEqual([0, expect.stringContaining("ran")]);
    expect(await readFile(join(place.cwd, "a.txt"), "utf8")).toBe("one\n2\n");

    expect((await place.tau(["undo"])).stdout).toMatch(
      /^[0-9a-f]{12} {2}committed .* sed -i s\/two\/2\/ a\.txt/u,
    );
    expect((await place.tau(["undo", "last", "--show"])).stdout).toContain("created new.txt");
    expect((await place.tau(["undo", "last"])).stdout).toMatch(
      /^Undid [0-9a-f]{12}: 2 changes taken back\.\n$/u,
    );
    expect(await readFile(join(place.cwd, "a.txt"), "utf8")).toBe("one\ntwo\n");
    expect(existsSync(join(place.cwd, "new.txt"))).toBe(false);
  });

  test("keeps nothing of what is denied", async () => {
    await using place = await createPlace();
    await using model = await reviewed(place, "rm a.txt");
    await place.tau(["approve", "last", "--deny"]);
    const resumed = await place.tau([
      "run",
      ...model.options,
      "--review",
      "--approve",
      "ask",
      "--resume",
      "last",
    ]);
    expect(resumed.code).toBe(0);
    expect(existsSync(join(place.cwd, "a.txt"))).toBe(true);
    expect((await place.tau(["undo"])).stdout).toBe(
      "Nothing was held or kept here; changes can be taken back that a run with --review kept.\n",
    );
  });

  test("lets through what only reads, and denies changes where nobody answers", async () => {
    await using place = await createPlace();
    await place.write("a.txt", "one\n");
    await using reading = await modelThatRuns("cat a.txt; wc -l a.txt");
    const read = await place.tau(["run", ...reading.options, "--review", "--approve", "never", "hi"]);
    expect(read.stdout).toContain("1 a.txt");
    await using writing = await modelThatRuns("echo two >> a.txt");
    const wrote = await place.tau(["run", ...writing.options, "--review", "--approve", "never", "hi"]);
    expect(wrote.stdout).toContain("It would change what it may not");
    expect(await readFile(join(place.cwd, "a.txt"), "utf8")).toBe("one\n");
  });
});

describe("tau undo", () => {
  test("does nothing when a path was changed since, and knows what there is", async () => {
    await using place = await createPlace();
    await using model = await reviewed(place, "echo new > new.txt");
    await place.tau(["approve", "last", "--allow", "--yes"]);
    await place.tau(["run", ...model.options, "--review", "--approve", "ask", "--resume", "last"]);
    await writeFile(join(place.cwd, "new.txt"), "mine");
    const undone = await place.tau(["undo", "last"]);
    expect([undone.code, undone.stderr]).toEqual([
      1,
      expect.stringContaining('nothing was undone: "new.txt"'),
    ]);
    expect(await readFile(join(place.cwd, "new.txt"), "utf8")).toBe("mine");
    const unknown = await place.tau(["undo", "0123456789ab"]);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('There is no "0123456789ab"'),
    ]);
  });
});

describe("tau undo on a terminal", () => {
  test("shows what it takes back and asks, unless it is told that nobody wants to be asked", async () => {
    await using place = await createPlace();
    await using model = await reviewed(place, "echo new > new.txt");
    await place.tau(["approve", "last", "--allow", "--yes"]);
    await place.tau(["run", ...model.options, "--review", "--approve", "ask", "--resume", "last"]);
    const file = join(place.cwd, "new.txt");

    const asked = place.onTerminal(["undo", "last"]);
    await asked.until("created new.txt");
    await asked.until("Take it back? [y]es or [n]o: ");
    asked.type("n\n");
    expect((await asked.ended).stdout).toContain("Nothing was taken back.");
    expect(existsSync(file)).toBe(true);

    expect((await place.onTerminal(["undo", "last", "-y"]).ended).stdout).toContain("1 change taken back");
    expect(existsSync(file)).toBe(false);
  });
});

describe("tau doctor --sandbox", () => {
  test("says what is enforced, and that every known way out of it was tried", async () => {
    await using place = await createPlace();
    const { code, stdout } = await place.tau(["doctor", "--sandbox"]);
    expect(stdout).toContain("✓ network   none");
    expect(stdout).toContain("✓ copies    commands can be tried on a copy of the workspace");
    expect(stdout).toMatch(/✓ escapes {3}1\d\d known, 1\d\d held, 0 got out, 1 not tried/u);
    expect(code).toBe(0);
    const host = await place.tau(["doctor", "--sandbox", "--environment", "host"]);
    expect(host.stdout).toContain("commands run on this machine, as you");
  });
});

describe("tau run --environment landlock", () => {
  test("confines what rules allow, and asks about the rest as a host would", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("rules.toml", "[permissions]\nallow = ['bash(*)']\n");
    await using model = await modelThatRuns("echo fine > fine; cp fine ../bad; cat fine");
    const run = ["run", ...model.options, "--environment", "landlock"];
    const ran = await place.tau([...run, "--config", "rules.toml", "hi"]);
    expect(ran.stdout).toContain("Permission denied");
    expect(await readFile(join(place.cwd, "fine"), "utf8")).toBe("fine\n");
    expect(existsSync(join(place.base, "bad"))).toBe(false);
    const denied = await place.tau([...run, "hi"]);
    expect(denied.stdout).toMatch(/✗ bash .* · denied\n/u);
  });
});
