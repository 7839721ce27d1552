import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Recorded } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";
import { planOfRun, planPrompt } from "./plan-guard.ts";

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

  test("keeps an interrupted run to its plan in the process that goes on with it", async () => {
    await using place = await placeWithPlan();
    await place.write("ask.toml", "[permissions]\nask = ['bash(*)']\n");
    await using model = await startScripted({ turns: [make, { text: "Made." }] });
    const own = ["--config", "ask.toml", "--approve", "ask", ...model.options];
    const waiting = await place.tau([...headless, hashOf(text), ...own]);
    expect(waiting.code).toBe(exitCodes.waiting);
    await place.tau(["approve", "last", "--allow"]);
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

describe("planOfRun()", () => {
  const plan = { file: "/w/plans/a.md", path: "plans/a.md", text, sha256: hashOf(text) };
  const started = (prompt: string): readonly Recorded[] => [
    {
      seq: 1,
      at: 1_000,
      event: {
        type: "run_started",
        runId: "r",
        agent: "main",
        principal: "ada",
        prompt: { role: "user", parts: [{ type: "text", text: prompt }] },
        limits: {},
        environment: "jail",
        profile: "",
      },
    },
  ];

  test("finds the plan that a run carries out, for seven days", () => {
    const { file, path, sha256 } = plan;
    expect(planOfRun(started(planPrompt(plan, "Quickly.")), "/w", 2_000)).toEqual({ file, path, sha256 });
    expect(planOfRun(started(`Hello\n${planPrompt(plan, "")}`), "/w", 2_000)).toBeUndefined();
    expect(planOfRun([], "/w", 2_000)).toBeUndefined();
    expect(() => planOfRun(started(planPrompt(plan, "")), "/w", 1_001 + 7 * 86_400_000)).toThrow(
      expect.objectContaining({ code: "plan.expired" }),
    );
  });
});
