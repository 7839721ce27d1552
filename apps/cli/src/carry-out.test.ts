import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createCallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createPlanGuard } from "./bound/plan-guard.ts";
import { createRunBindings } from "./bound/run-bindings.ts";
import { childSession } from "./child-session.ts";
import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";

interface At {
  readonly tenant?: string;
  readonly session?: string;
}

const text = "# Make a file\n\n1. Make made.txt.\n";
const hashOf = (words: string): string => createHash("sha256").update(words).digest("hex");
const bash = (command: string) => ({ toolCalls: [{ name: "bash", arguments: { command } }] });
const make = bash("echo made > made.txt");
const headless = ["run", "--carry-out", "plans/a.md", "--approved"];

async function placeWithPlan(): Promise<Place> {
  const place = await createPlace("/var/tmp");
  await place.write("plans/a.md", text);
  await place.write("own.toml", "[permissions]\nallow = ['bash(*)', 'write(**)']\n");
  return place;
}

describe("tau run --carry-out", () => {
  test("carries out what a person named by its hash, once", async () => {
    await using place = await placeWithPlan();
    await using model = await startScripted({ turns: [make, { text: "Made." }] });
    const own = ["--config", "own.toml", ...model.options];

    const { code } = await place.tau([...headless, hashOf(text), ...own]);
    const again = await place.tau([...headless, hashOf(text), ...own]);

    expect(code).toBe(exitCodes.ok);
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(true);
    expect(JSON.stringify(model.server.requests[0]?.body)).toContain("1. Make made.txt.");
    expect([again.code, again.stderr]).toEqual([exitCodes.denied, expect.stringContaining("plan.used")]);
  });

  test.each([
    ["without a hash", ["run", "--carry-out", "plans/a.md"], "plan.not_approved"],
    ["with the hash of another plan", [...headless, hashOf("# Other")], "plan.changed"],
  ])("begins nothing %s", async (_, args, code) => {
    await using place = await placeWithPlan();
    await using model = await startScripted({ turns: [make] });

    const said = await place.tau([...args, ...model.options]);

    expect([said.code, said.stderr]).toEqual([exitCodes.denied, expect.stringContaining(code)]);
    expect(model.server.requests).toEqual([]);
  });

  test("shows the plan on a terminal, asks, and takes no for an answer", async () => {
    await using place = await placeWithPlan();
    await using model = await startScripted({ turns: [{ text: "Done." }] });
    const ask = async (word: string): Promise<number | null> => {
      const running = place.onTerminal(["run", "--carry-out", "plans/a.md", ...model.options]);
      await running.until("1. Make made.txt.");
      await running.until(`sha256:${hashOf(text)}`);
      await running.until("Carry out this plan?");
      running.type(`${word}\n`);
      return (await running.ended).code;
    };

    expect(await ask("n")).toBe(exitCodes.denied);
    expect(model.server.requests).toEqual([]);
    expect(await ask("y")).toBe(exitCodes.ok);
    // Whoever is asked again may say yes again.
    await using other = await startScripted({ turns: [{ text: "Done." }] });
    const running = place.onTerminal(["run", "--carry-out", "plans/a.md", ...other.options]);
    await running.until("Carry out this plan?");
    running.type("y\n");
    expect((await running.ended).code).toBe(exitCodes.ok);
  });

  test("stops as soon as the plan is another one, whoever changed it", async () => {
    await using place = await placeWithPlan();
    await using model = await startScripted({
      turns: [bash("echo '2. Delete all.' >> plans/a.md"), make, { text: "Made." }],
    });

    const { code, stdout, stderr } = await place.tau([
      ...headless,
      hashOf(text),
      "--config",
      "own.toml",
      ...model.options,
    ]);

    expect([code, stderr]).toEqual([exitCodes.denied, expect.stringContaining("plan.changed")]);
    expect(stdout).toContain("approved plan");
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(false);
  });

  test("holds for the agents of skills, too, also where one of them changes the plan", async () => {
    await using place = await placeWithPlan();
    await place.write(
      ".agents/skills/help/SKILL.md",
      "---\nname: help\ndescription: Helps.\ncontext: fork\n---\n\nHelp.\n",
    );
    await place.tau(["skills", "lock", "--yes"]);
    const help = { name: "skill_run", arguments: { name: "help", input: { task: "Make it" } } };
    await using model = await startScripted({
      conversations: [
        { match: "Carry out the plan", turns: [{ toolCalls: [help] }, make, { text: "Made." }] },
        {
          match: "Make it",
          turns: [
            bash("echo kept > kept.txt"),
            bash("echo '2. Delete all.' >> plans/a.md"),
            make,
            { text: "I made it." },
          ],
        },
      ],
    });

    const own = ["--config", "own.toml", ...model.options];
    const { code, stderr } = await place.tau([...headless, hashOf(text), ...own]);

    expect([code, stderr]).toEqual([exitCodes.denied, expect.stringContaining("plan.changed")]);
    expect([existsSync(join(place.cwd, "kept.txt")), existsSync(join(place.cwd, "made.txt"))]).toEqual([
      true,
      false,
    ]);
  });

  test("runs none of the calls behind one that changes the plan, in the same answer of the model", async () => {
    await using place = await placeWithPlan();
    const changes = bash("echo '2. Delete all.' >> plans/a.md");
    await using model = await startScripted({
      turns: [{ toolCalls: [...changes.toolCalls, ...make.toolCalls] }, { text: "Made." }],
    });
    const own = ["--config", "own.toml", ...model.options];

    const { code, stderr } = await place.tau([...headless, hashOf(text), ...own]);

    expect([code, stderr]).toEqual([exitCodes.denied, expect.stringContaining("plan.changed")]);
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(false);
  });

  test("keeps an interrupted run to its plan in the process that goes on with it", async () => {
    await using place = await placeWithPlan();
    await place.write("ask.toml", "[permissions]\nask = ['bash(*)']\n");
    await using model = await startScripted({ turns: [make, { text: "Made." }] });
    const own = ["--config", "ask.toml", "--approve", "ask", ...model.options];
    const waiting = await place.tau([...headless, hashOf(text), ...own]);
    expect(waiting.code).toBe(exitCodes.waiting);
    await place.tau(["approve", "last", "--allow", "--yes"]);
    await place.write("plans/a.md", `${text}2. Delete all.\n`);

    const resumed = await place.tau(["run", "--resume", "last", ...own]);

    expect([resumed.code, resumed.stderr]).toEqual([
      exitCodes.denied,
      expect.stringContaining("plan.changed"),
    ]);
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(false);
    // As it was approved it goes on.
    await place.write("plans/a.md", text);
    expect((await place.tau(["run", "--resume", "last", ...own])).code).toBe(exitCodes.ok);
    expect(existsSync(join(place.cwd, "made.txt"))).toBe(true);
  });
});

describe("createPlanGuard()", () => {
  test("holds for the runs below one that carries a plan out, in any process, for seven days", async () => {
    await using place = await placeWithPlan();
    const home = join(place.base, "tau");
    const file = join(place.cwd, "plans/a.md");
    const plan = { file, path: "plans/a.md", sha256: hashOf(text), at: 1_000 };
    const long = "t".repeat(120);
    for (const sessionId of ["top", long])
      await createRunBindings(home).bind({ tenant: "local", sessionId, runId: "parent" }, { plan });
    const said = async (runPath: readonly string[], now: number, at: At = {}): Promise<unknown> => {
      const { tenant = "local", session = "top" } = at;
      let sessionId = session;
      for (const runId of runPath.slice(1))
        sessionId = childSession({ call: { sessionId }, idempotencyKey: runId });
      const context = createCallContext({ tenant, principal: { id: "ada", kind: "person", scopes: [] } });
      const input = {
        tool: "read",
        arguments: {},
        call: { ...context, sessionId, runPath },
        get run(): never {
          throw new TypeError("The guard looks at the call alone.");
        },
      };
      return await createPlanGuard(createRunBindings(home), () => now).beforeTool?.(input, context.signal);
    };
    const week = 7 * 86_400_000;
    const denied = (code: string): object => ({ decision: "deny", reason: expect.stringContaining(code) });

    expect(await said(["parent", "child"], 2_000)).toEqual({ decision: "allow" });
    expect(await said(["parent", "child"], 1_001 + week)).toEqual(denied("plan.expired"));
    await place.write("plans/a.md", "# Other\n");
    expect(await said(["parent"], 2_000)).toEqual(denied("plan.changed"));
    expect(await said(["parent", "child", "grandchild"], 2_000)).toEqual(denied("plan.changed"));
    // Whatever else an agent puts there: nothing that would be waited for, or read for ever.
    await rm(file);
    execFileSync("mkfifo", [file]);
    expect(await said(["parent"], 2_000)).toEqual(denied("plan.changed"));
    await rm(file);
    await place.write("same.md", text);
    await symlink("../same.md", file);
    expect(await said(["parent"], 2_000)).toEqual(denied("plan.changed"));
    expect(await said(["other"], 2_000)).toEqual({ decision: "allow" });
    expect(await said(["parent"], 2_000, { tenant: "another" })).toEqual({ decision: "allow" });
    // Ids of runs are those of a session, however long its own is.
    for (const session of ["other", `${long}t`]) {
      expect(await said(["parent"], 2_000, { session })).toEqual({ decision: "allow" });
      expect(await said(["parent", "child"], 2_000, { session })).toEqual({ decision: "allow" });
    }
    expect(await said(["parent", "child"], 2_000, { session: long })).toEqual(denied("plan.changed"));
    // Where nobody can say whose the runs above are, they may be bound.
    const deep = said(["parent", "child", "grandchild"], 2_000, { session: long });
    await expect(deep).rejects.toThrow("The session of run parent is not known");
    // A record that nobody can read frees nobody.
    for (const name of await readdir(join(home, "bound-runs")))
      await writeFile(join(home, "bound-runs", name), "{");
    await expect(said(["parent"], 2_000)).rejects.toThrow("is not what was written there");
  });
});

describe("the agent of a skill below a plan", () => {
  const scribe = "---\nname: scribe\ndescription: Writes.\ncontext: fork\n---\n\nWrite it.\n";
  const delegates = {
    toolCalls: [{ name: "skill_run", arguments: { name: "scribe", input: { task: "Take notes" } } }],
  };
  const writes = (path: string, content: string): object => ({
    toolCalls: [{ name: "write", arguments: { path, content } }],
  });

  test("plans, too, below one that plans: it writes to plans/ alone, and so does whoever goes on with it", async () => {
    await using place = await placeWithPlan();
    await place.write(".agents/skills/scribe/SKILL.md", scribe);
    await place.tau(["skills", "lock", "--yes"]);
    await using model = await startScripted({
      conversations: [
        {
          match: "Take notes",
          turns: [
            writes("src.txt", "no"),
            make,
            writes("plans/b.md", "# B\n"),
            { firstDelayMs: 60_000, text: "late" },
          ],
        },
        { match: "Plan it", turns: [delegates, { text: "Planned." }] },
      ],
    });
    const own = ["--config", "own.toml", ...model.options];
    const running = place.spawn(["run", "--plan", "--json", ...own, "Plan it"]);
    while (!existsSync(join(place.cwd, "plans/b.md"))) await new Promise((resolve) => setImmediate(resolve));
    running.child.kill("SIGKILL");
    await running.ended;
    const written = (): readonly boolean[] =>
      ["src.txt", "made.txt"].map((name) => existsSync(join(place.cwd, name)));
    expect(written()).toEqual([false, false]);

    // Nobody says --plan: the run is one that plans, and so is what is below it.
    await using other = await startScripted({
      conversations: [
        {
          match: "Take notes",
          turns: [...Array.from({ length: 3 }, () => ({ text: "" })), make, { text: "Noted." }],
        },
        { match: "Plan it", turns: [{ text: "" }, make, { text: "Planned." }] },
      ],
    });
    const resumed = await place.tau(["run", "--resume", "last", "--config", "own.toml", ...other.options]);
    expect(resumed.stdout).toMatch(/✗ \S+ .* · denied\n/u);
    expect(written()).toEqual([false, false]);
  });
});
