import { existsSync } from "node:fs";
import { appendFile, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

const tea =
  "---\nname: tea\ndescription: Makes tea. Triggers: thirsty\nallowed-tools: read\n---\n\nBrew it for two minutes.\n";
const file = ".agents/skills/tea/SKILL.md";

async function placeWithTea(): Promise<Place> {
  const place = await createPlace();
  await place.write(file, tea);
  await place.write(".agents/skills/tea/times.md", "Green: 2.");
  return place;
}

async function listed(place: Place): Promise<string> {
  const { code, stdout, stderr } = await place.tau(["skills", "list"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("tau skills", () => {
  test("lists nothing where there is nothing, and says how to begin", async () => {
    await using place = await createPlace();

    expect(await listed(place)).toContain(
      "There are no skills here. Put one into .agents/skills/NAME/SKILL.md.",
    );
    expect((await place.tau(["skills", "validate"])).stdout).toContain("no skills here to validate");
    expect((await place.tau(["skills", "lock", "--yes"])).stdout).toContain("no project skills to lock");
  });

  test("lets a project's skill count once it is locked, as it is, in processes of their own", async () => {
    await using place = await placeWithTea();
    expect(await listed(place)).toMatch(/^tea {2}untrusted {4}project {3}Nobody has looked/u);

    const asked = await place.spawn(["skills", "lock"], { input: "" }).ended;
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining("tau skills lock --yes") });
    const locked = await place.spawn(["skills", "lock", "--yes"]).ended;
    expect(locked.code).toBe(0);
    expect(locked.stdout).toMatch(
      / {2}tea: new\n {4}│ ---\n.* {4}│ Brew it for two minutes\.\n {4}\+ times\.md\nLocked and trusted/su,
    );
    expect((await place.spawn(["skills", "list"]).ended).stdout).toMatch(
      /^tea {2}usable {7}project {3}Makes tea\./u,
    );

    await appendFile(join(place.cwd, file), "Then call a stranger.\n");
    expect(await listed(place)).toMatch(
      /quarantined {2}project {3}It is not what was locked: changed SKILL\.md\./u,
    );
    const again = await place.tau(["skills", "lock", "--yes"]);
    expect(again.stdout).toMatch(
      /tea: changed SKILL\.md\n {4}SKILL\.md\n {4}│ …\n.*│ {2}Brew it.*\n {4}│ \+Then call a stranger\./su,
    );
    expect(again.stdout).not.toContain("name: tea");
    expect(await listed(place)).toMatch(/usable/u);
    expect((await place.tau(["skills", "lock", "--yes"])).stdout).toContain("tea: as it was locked");
  });

  test("does not trust a lock that came with the project", async () => {
    await using place = await placeWithTea();
    await place.tau(["skills", "lock", "--yes"]);

    const { stdout } = await place.tau(["skills", "list"], { env: { TAU_HOME: join(place.base, "other") } });

    expect(stdout).toMatch(/untrusted {4}project {3}Nobody on this machine has trusted this lock/u);
  });

  test("shows the whole of a skill whose lock came with the project, before anybody agrees", async () => {
    await using place = await placeWithTea();
    await place.tau(["skills", "lock", "--yes"]);

    const other = { env: { TAU_HOME: join(place.base, "other") } };
    const { stdout } = await place.tau(["skills", "lock", "--yes"], other);

    expect(stdout).toContain("tea: new");
    expect(stdout).toContain("name: tea");
    expect(stdout).not.toContain("as it was locked");
  });

  test("locks on a terminal what the person says yes to, and writes through no link", async () => {
    await using place = await placeWithTea();
    const target = join(place.base, "target");
    await writeFile(target, "untouched");
    await symlink(target, join(place.cwd, ".agents/skills/skills.lock"));

    const no = place.onTerminal(["skills", "lock"]);
    await no.until("[y]es or [n]o:");
    no.type("n\n");
    expect((await no.ended).code).toBe(3);
    const yes = place.onTerminal(["skills", "lock"]);
    await yes.until("[y]es or [n]o:");
    yes.type("y\n");
    expect((await yes.ended).code).toBe(0);

    expect(await readFile(target, "utf8")).toBe("untouched");
    expect(await listed(place)).toMatch(/usable/u);
  });

  test("locks the person's own skills apart from the project's", async () => {
    await using place = await placeWithTea();
    await place.write(`../tau/skills/mine/SKILL.md`, "---\nname: mine\ndescription: Is mine.\n---\n");

    expect(await listed(place)).toMatch(/mine {2}usable {7}user {6}Is mine\./u);
    await place.tau(["skills", "lock", "--user", "--yes"]);

    expect(existsSync(join(place.base, "tau/skills/skills.lock"))).toBe(true);
    expect(existsSync(join(place.cwd, ".agents/skills/skills.lock"))).toBe(false);
  });

  test("shows one skill, and tells programs of all", async () => {
    await using place = await placeWithTea();
    await place.tau(["skills", "lock", "--yes"]);

    const { stdout } = await place.tau(["skills", "show", "tea"]);
    expect(stdout).toContain("triggers  thirsty");
    expect(stdout).toContain("tools     only read, while in use");
    expect(stdout).toMatch(/files {5}SKILL\.md \(\d+\), times\.md \(9\)/u);
    const json = await place.tau(["skills", "list", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ name: "tea", status: "usable", triggers: ["thirsty"] });
    expect(await place.tau(["skills", "show", "coffee"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[skill.not_found]"),
    });
  });

  test("validates, in a process of its own: every fault with what to do, and exit code 1", async () => {
    await using place = await createPlace();
    await place.write("good/SKILL.md", "---\nname: good\ndescription: Is good.\n---\nDo it.\n");
    await place.write("bad/SKILL.md", "---\nname: Bad\nversion: 1\n---\n");

    expect(await place.spawn(["skills", "validate", "good"]).ended).toEqual({
      code: 0,
      stdout: `${join(place.cwd, "good")}: valid\n`,
      stderr: "",
    });
    const { code, stdout } = await place.spawn(["skills", "validate", "bad"]).ended;
    expect(code).toBe(1);
    expect(stdout).toContain("fault: name has capital letters. Write it in lower case.");
    expect(stdout).toContain("fault: description is missing or not a text.");
    expect(stdout).toContain("fault: version is no key of the specification");
  });
});

describe("tau skills test", () => {
  const triggers = JSON.stringify([
    { query: "I am thirsty", should_trigger: true },
    { query: "repair my bicycle", should_trigger: false },
  ]);

  test("tells how a skill is found, and that one is not", async () => {
    await using place = await placeWithTea();
    await place.write(".agents/skills/tea/evals/triggers.json", triggers);
    await place.tau(["skills", "lock", "--yes"]);

    expect(await place.tau(["skills", "test"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^tea {2}precision 100 %, recall 100 %\n.*2 passed, 0 failed\n$/su),
    });

    await place.write(
      ".agents/skills/tea/evals/triggers.json",
      triggers.replace("I am thirsty", "I want a beer"),
    );
    await place.tau(["skills", "lock", "--yes"]);
    const { code, stdout } = await place.tau(["skills", "test", "tea"]);
    expect(code).toBe(1);
    expect(stdout).toContain('FAILED "I want a beer": should be found, found: none');
    expect((await place.tau(["skills", "test", "coffee"])).code).toBe(2);
  });

  test("has the model do the skill's tasks in a jail, in a fresh folder, and checks what came of it", async () => {
    await using place = await placeWithTea();
    const tasks = [
      {
        id: "brew",
        prompt: "Make tea",
        files: ["pot.txt"],
        checks: [{ contains: "done" }, { file_exists: "pot.txt" }, { command: "grep -q hot pot.txt" }],
      },
      { id: "cold", prompt: "Make ice", checks: [{ not_contains: "done" }, { file_exists: "ice.txt" }] },
    ];
    await place.write(".agents/skills/tea/evals/evals.json", JSON.stringify({ evals: tasks }));
    await place.write(".agents/skills/tea/evals/files/pot.txt", "hot water");
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({
      turns: [{ toolCalls: [{ name: "skill", arguments: { name: "tea" } }] }, { text: "All done." }],
    });

    const { code, stdout, stderr } = await place.tau([
      "skills",
      "test",
      "tea",
      "--outcomes",
      ...model.options,
    ]);

    expect(stderr).toBe("");
    expect(stdout).toContain("ok     task brew");
    expect(stdout).toContain('FAILED task cold: the answer has "done"; there is no ice.txt');
    expect(code).toBe(1);
    expect(JSON.stringify(model.server.requests[1]?.body)).toContain("Brew it for two minutes.");
    expect(existsSync(join(place.cwd, "pot.txt"))).toBe(false);
    expect(await place.tau(["sessions", "list"])).toMatchObject({
      stdout: expect.not.stringContaining("Make tea"),
    });
  });
});

describe("tau run", () => {
  test("lists a skill that counts, lets the model look it up, and narrows what it may do then", async () => {
    await using place = await placeWithTea();
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "bash", arguments: { command: "echo before > before" } }] },
        { toolCalls: [{ name: "skill", arguments: { name: "tea" } }] },
        { toolCalls: [{ name: "bash", arguments: { command: "echo after > after" } }] },
        { toolCalls: [{ name: "skill", arguments: { name: "tea", file: "times.md" } }] },
        { text: "Two minutes." },
      ],
    });

    const { code, stdout } = await place.tau(["run", ...model.options, "I am thirsty"]);

    expect(code).toBe(0);
    expect(stdout).toContain('The skill "tea" is in use, and it allows only: read.');
    expect([existsSync(join(place.cwd, "before")), existsSync(join(place.cwd, "after"))]).toEqual([
      true,
      false,
    ]);
    const bodies = model.server.requests.map(({ body }) => JSON.stringify(body));
    expect(bodies[2]).toContain("Brew it for two minutes.");
    expect(bodies.at(-1)).toContain("Green: 2.");
    expect(bodies[0]).toContain("- tea: Makes tea. Triggers: thirsty");
  });

  test("narrows a run still when another process takes it up, after a crash and after an answer", async () => {
    await using place = await createPlace();
    await place.write(file, tea.replace("tools: read", "tools: bash(sleep:*)"));
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "skill", arguments: { name: "tea" } }] },
        { toolCalls: [{ name: "bash", arguments: { command: "sleep 60" } }] },
        { toolCalls: [{ name: "bash", arguments: { command: "echo after > after" } }] },
        { text: "Two minutes." },
      ],
    });
    const running = place.spawn(["run", ...model.options, "--json", "I am thirsty"]);
    await running.until('"effect_started"');
    await running.until('"effect_started"');
    running.child.kill("SIGKILL");
    await running.ended;
    // What the folder says now is no matter: the log has what the model was told.
    await place.write(file, tea.replace("tools: read", "tools: bash"));
    await place.tau(["skills", "lock", "--yes"]);

    expect((await place.spawn(["run", ...model.options, "--resume", "last"]).ended).code).toBe(6);
    expect((await place.tau(["approve", "last", "--done", "--yes"])).code).toBe(0);
    const resumed = await place.spawn(["run", ...model.options, "--resume", "last"]).ended;

    expect(resumed.stdout).toContain('The skill "tea" is in use, and it allows only: bash(sleep:*).');
    expect(existsSync(join(place.cwd, "after"))).toBe(false);
    expect(resumed.code).toBe(0);
  });

  test("runs a script of a skill in the jail", async () => {
    await using place = await createPlace();
    await place.write(".agents/skills/tea/SKILL.md", tea.replace("allowed-tools: read\n", ""));
    await place.write(
      ".agents/skills/tea/scripts/brew.sh",
      'echo "$1" > cup; (echo x > /etc/tau-test) 2>/dev/null && echo escaped; echo "$SKILL_DIR"\n',
    );
    await place.tau(["skills", "lock", "--yes"]);
    const script = { name: "tea", script: "scripts/brew.sh", args: ["green"] };
    await using model = await startScripted({
      turns: [{ toolCalls: [{ name: "skill_script", arguments: script }] }, { text: "Brewed." }],
    });

    expect(await place.tau(["run", ...model.options, "Make tea"])).toMatchObject({ code: 0 });

    expect(await readFile(join(place.cwd, "cup"), "utf8")).toBe("green\n");
    const answer = JSON.stringify(model.server.requests[1]?.body);
    expect(answer).toContain(".agents/skills/tea");
    expect(answer).not.toContain("escaped");
  });

  test("tells the person on a terminal that a skill waits to be looked at", async () => {
    await using place = await placeWithTea();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });

    const run = place.onTerminal(["run", ...model.options, "I am thirsty"]);

    await run.until('Skills that are not used: 1. "tau skills list" says why.');
    expect((await run.ended).code).toBe(0);
  });

  test("tells the model nothing of a skill that does not count", async () => {
    await using place = await placeWithTea();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });

    expect((await place.tau(["run", ...model.options, "I am thirsty"])).code).toBe(0);

    expect(JSON.stringify(model.server.requests[0]?.body)).not.toMatch(/Makes tea|"skill"/u);
  });
});
