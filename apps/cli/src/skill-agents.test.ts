import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const tea =
  "---\nname: tea\ndescription: Makes tea.\nallowed-tools: skill_run read\n---\n\nBrew it for two minutes.\n";

describe("the agent of a skill", () => {
  test("runs below the run, with no more than its tools", async () => {
    await using place = await createPlace();
    await place.write(
      ".agents/skills/look/SKILL.md",
      "---\nname: look\ndescription: Looks around.\ncontext: fork\nallowed-tools: Read\n---\n\nLook well.\n",
    );
    await place.write("a.txt", "forty-two");
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({
      conversations: [
        {
          match: "Begin",
          turns: [
            { toolCalls: [{ name: "skill_run", arguments: { name: "look", input: { task: "Find it" } } }] },
            { text: "It is found." },
          ],
        },
        {
          match: "Find it",
          turns: [
            { toolCalls: [{ name: "read", arguments: { path: "a.txt" } }] },
            { toolCalls: [{ name: "bash", arguments: { command: "touch pwned" } }] },
            { text: "It says forty-two." },
          ],
        },
      ],
    });

    expect(await place.tau(["run", ...model.options, "Begin"])).toMatchObject({ code: 0 });

    const bodies = model.server.requests.map(({ body }) => JSON.stringify(body));
    const [, child = "", , last = ""] = bodies;
    expect(child).toContain("Look well.");
    expect(bodies[3]).toMatch(/no tool named .*bash/u);
    expect(existsSync(join(place.cwd, "pwned"))).toBe(false);
    expect(bodies.at(-1)).toContain("It says forty-two.");
    expect(bodies.at(-1)).not.toContain("Look well.");
    expect(last).toContain("forty-two");
  });

  const writer =
    "---\nname: scribe\ndescription: Writes.\ncontext: fork\nallowed-tools: write\n---\n\nWrite it.\n";
  const scribes = [
    {
      match: "Begin",
      turns: [
        { toolCalls: [{ name: "skill_run", arguments: { name: "scribe", input: { task: "Take notes" } } }] },
        { text: "It is written." },
      ],
    },
    {
      match: "Take notes",
      turns: [
        { toolCalls: [{ name: "write", arguments: { path: "AGENTS.md", content: "notes" } }] },
        { text: "Noted." },
      ],
    },
  ];

  test("asks where its parent's questions are, also after the process is gone", async () => {
    await using place = await createPlace();
    await place.write(".agents/skills/scribe/SKILL.md", writer);
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({ conversations: scribes });

    const waiting = await place.spawn(["run", ...model.options, "--approve", "ask", "Begin"]).ended;
    expect(waiting.code).toBe(6);
    const session = /tau run --resume (\S+)/u.exec(waiting.stderr)?.[1] ?? "";
    const { stdout } = await place.tau(["approve", session]);
    expect(stdout).toContain('The agent of the skill "scribe" asks:');
    expect(stdout).toContain("AGENTS.md");
    expect((await place.tau(["approve", session, "--allow", "--yes"])).code).toBe(0);
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);
    const resumed = await place.spawn(["run", ...model.options, "--resume", session]).ended;

    expect(resumed.stdout).toContain("It is written.");
    expect(resumed.code).toBe(0);
    expect(await readFile(join(place.cwd, "AGENTS.md"), "utf8")).toBe("notes");
    // The child's first turn was not asked for again: the one that there was went on.
    expect(model.server.requests).toHaveLength(4);
  });

  test("asks on the terminal, and what it used counts for its parent", async () => {
    await using place = await createPlace();
    await place.write(".agents/skills/scribe/SKILL.md", writer);
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({ conversations: scribes });

    const run = place.onTerminal(["run", ...model.options, "Begin"]);
    await run.until("write wants to run:");
    await run.until("Allow it once? [y]es, [n]o");
    run.type("y\n");
    expect((await run.ended).code).toBe(0);

    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(true);
    const { stdout } = await place.tau(["sessions", "list", "--json"]);
    const sessions: readonly { readonly usage: { readonly inputTokens: number }; readonly title: string }[] =
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    const tokensOf = (title: string): number =>
      sessions.find((one) => one.title.startsWith(title))?.usage.inputTokens ?? 0;
    expect(tokensOf("Take")).toBeGreaterThan(0);
    expect(tokensOf("Begin")).toBeGreaterThan(tokensOf("Take"));
  });

  test("goes on after a crash, without a person being asked what became of it", async () => {
    await using place = await createPlace();
    await place.write(".agents/skills/scribe/SKILL.md", writer.replace("tools: write", "tools: bash"));
    await place.tau(["skills", "lock", "--yes"]);
    const [parent] = scribes;
    const wait = "echo ran >> ran.txt; until test -e go; do sleep 0.02; done";
    const child = {
      match: "Take notes",
      turns: [
        { toolCalls: [{ name: "todo", arguments: { items: [] } }] },
        { toolCalls: [{ name: "bash", arguments: { command: wait } }] },
        { text: "Noted." },
      ],
    };
    if (parent === undefined) throw new TypeError("There is a parent.");
    await using model = await startScripted({ conversations: [parent, child] });
    const running = place.spawn(["run", ...model.options, "--json", "Begin"]);
    await running.until('"tool":"skill_run","sideEffect":"idempotent"');
    while (!existsSync(join(place.cwd, "ran.txt"))) await new Promise((resolve) => setImmediate(resolve));
    running.child.kill("SIGKILL");
    await running.ended;

    const resumed = await place.spawn(["run", ...model.options, "--approve", "ask", "--resume", "last"])
      .ended;

    // What the child was in the middle of is for a person; what its parent was in the middle of is not.
    expect(resumed.code).toBe(6);
    const session = /tau run --resume (\S+)/u.exec(resumed.stderr)?.[1] ?? "";
    expect((await place.tau(["approve", session])).stdout).toContain(
      "was running, and it must not simply run again",
    );
    expect((await place.tau(["approve", session, "--done", "--yes"])).code).toBe(0);
    const ended = await place.spawn(["run", ...model.options, "--resume", session]).ended;
    expect(ended.stdout).toContain("It is written.");
    expect(ended.code).toBe(0);
    expect(await readFile(join(place.cwd, "ran.txt"), "utf8")).toBe("ran\n");
  });

  test("is narrowed by the skills that its parent uses", async () => {
    await using place = await createPlace();
    await place.write(".agents/skills/tea/SKILL.md", tea);
    await place.write(".agents/skills/scribe/SKILL.md", writer);
    await place.tau(["skills", "lock", "--yes"]);
    const [parent, child] = scribes;
    if (parent === undefined || child === undefined) throw new TypeError("There are two.");
    const looked = { toolCalls: [{ name: "skill", arguments: { name: "tea" } }] };
    await using model = await startScripted({
      conversations: [{ ...parent, turns: [looked, ...parent.turns] }, child],
    });

    expect((await place.tau(["run", ...model.options, "--approve", "ask", "Begin"])).code).toBe(0);

    const bodies = model.server.requests.map(({ body }) => JSON.stringify(body));
    expect(bodies[3]).toContain("it allows only: skill_run, read.");
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);
  });
});
