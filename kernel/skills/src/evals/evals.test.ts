import { describe, expect, test } from "vitest";

import { loadSkill } from "../load-skill.ts";
import { createMemoryFiles } from "../memory-files.ts";
import { signal, skillOf, skillText } from "../skills.test.support.ts";
import { readEvals } from "./read-evals.ts";
import { testTriggers } from "./test-triggers.ts";

const filesOf = (files: Readonly<Record<string, string>>) =>
  createMemoryFiles("tea", { "SKILL.md": skillText("tea", "Makes tea. Triggers: thirsty"), ...files });

describe("readEvals()", () => {
  test("reads prompts and tasks, and nothing where there is nothing", async () => {
    expect(await readEvals(filesOf({}), signal)).toEqual({ triggers: [], outcomes: [] });
    const files = filesOf({
      "evals/triggers.json": JSON.stringify([{ query: "I am thirsty", should_trigger: true }]),
      "evals/evals.json": JSON.stringify({
        skill_name: "tea",
        evals: [
          {
            id: 7,
            prompt: "Make tea",
            files: ["pot.txt"],
            checks: [{ contains: "hot" }, { command: "true" }],
          },
        ],
      }),
    });

    expect(await readEvals(files, signal)).toEqual({
      triggers: [{ query: "I am thirsty", shouldTrigger: true }],
      outcomes: [
        {
          id: "7",
          prompt: "Make tea",
          files: ["pot.txt"],
          checks: [
            { kind: "contains", text: "hot" },
            { kind: "command", command: "true" },
          ],
        },
      ],
    });
  });

  test.each([
    ["evals/triggers.json", "{", "is not JSON"],
    ["evals/triggers.json", "{}", "has no list of tests"],
    ["evals/triggers.json", '[{"query":1}]', "in its test 1"],
    ["evals/evals.json", '[{"prompt":"p"}]', "without one it cannot fail"],
    ["evals/evals.json", '[{"prompt":"p","checks":[{"is":"nice"}]}]', "none of contains"],
    ["evals/evals.json", '[{"checks":[{"contains":"a"}]}]', 'no "prompt"'],
    ["evals/evals.json", '[{"prompt":"p","files":[1],"checks":[{"contains":"a"}]}]', "are no paths"],
  ])("refuses a %s that is %s", async (path, text, reason) => {
    await expect(readEvals(filesOf({ [path]: text }), signal)).rejects.toMatchObject({
      code: "skill.invalid_evals",
      message: expect.stringContaining(reason),
    });
  });
});

describe("testTriggers()", () => {
  test("tells which prompts find the skill, and how precisely", async () => {
    const tea = await loadSkill(filesOf({}), signal);
    const coffee = await skillOf(skillText("coffee", "Brews coffee with a machine."), "coffee");
    const report = testTriggers(
      tea,
      [tea, coffee],
      [
        { query: "I am thirsty", shouldTrigger: true },
        { query: "brew coffee", shouldTrigger: false },
        { query: "make some tea", shouldTrigger: false },
        { query: "repair my bicycle", shouldTrigger: true },
      ],
    );

    expect(report.cases.map(({ passed }) => passed)).toEqual([true, true, false, false]);
    expect(report).toMatchObject({ precision: 0.5, recall: 0.5 });
  });

  test("finds nothing to complain of without tests", async () => {
    expect(testTriggers(await loadSkill(filesOf({}), signal), [], [])).toEqual({
      cases: [],
      precision: 1,
      recall: 1,
    });
  });
});
