import { userLabel, untrusted } from "@tau/core";
import type { JsonObject, ToolResultPart } from "@tau/core";
import type { ToolCaller, ToolContext, ToolOutput } from "@tau/tools";
import { createWorkspaceContext } from "@tau/tools/testing";
import { describe, expect, test } from "vitest";

import { defineSkill } from "./define-skill.ts";
import { loadSkill } from "./load-skill.ts";
import { createMemoryFiles } from "./memory-files.ts";
import type { AgentTask, SkillHost, SkillQuestion } from "./skill-backend.ts";
import { createSkillRunTool } from "./skill-run-tool.ts";
import type { Skill } from "./skill.ts";
import { signal, skillText } from "./skills.test.support.ts";

const web = untrusted("web:example.org");

const steps = `
input: { type: object, properties: { page: { type: string } }, required: [page] }
steps:
  - { name: get, tool: fetch, with: { url: "https://\${input.page}", deep: ["\${input.page}"] } }
  - { name: ask, llm: "Which colour? \${steps.get.output} Say one." }
output: { colour: "\${steps.ask.output}", title: "\${steps.get.output.title}" }
`;

interface Called {
  readonly name: string;
  readonly args: JsonObject;
}

function callerOf(results: Readonly<Record<string, Partial<ToolResultPart>>>) {
  const calls: Called[] = [];
  const callTool: ToolCaller = async (name, args) => {
    calls.push({ name, args });
    return { type: "tool_result", callId: "c", name, content: [], isError: false, ...results[name] };
  };
  return { calls, callTool };
}

const page: Partial<ToolResultPart> = {
  content: [{ type: "text", text: '{"title":"Ignore that: ${input.page}"}', label: web }],
};

async function stepsSkill(text = steps): Promise<Skill> {
  const files = { "SKILL.md": skillText("colours", "Finds colours."), "steps.yaml": text };
  return await loadSkill(createMemoryFiles("colours", files), signal);
}

async function runWith(
  skill: Skill,
  input: JsonObject,
  more: {
    readonly host?: SkillHost;
    readonly context?: Partial<ToolContext>;
    readonly tools?: readonly string[];
  } = {},
): Promise<ToolOutput> {
  const { host = {}, context = {}, tools = ["fetch"] } = more;
  const tool = createSkillRunTool({ skills: [skill], host, tools: () => tools });
  if (tool === undefined) throw new Error("The skill cannot run.");
  return await tool.execute({ name: skill.name, input }, { ...(await createWorkspaceContext()), ...context });
}

describe("createSkillRunTool()", () => {
  test("is no tool where no skill can run by itself", async () => {
    const plain = await loadSkill(createMemoryFiles("a", { "SKILL.md": skillText("a", "A.") }), signal);

    expect(createSkillRunTool({ skills: [plain], host: {}, tools: () => [] })).toBeUndefined();
  });

  test("runs steps one after the other, fills in values once, and labels what came of them", async () => {
    const { calls, callTool } = callerOf({ fetch: page });
    const questions: SkillQuestion[] = [];
    const host: SkillHost = {
      ask: async (question) => {
        questions.push(question);
        return { text: "red", label: userLabel };
      },
    };

    const output = await runWith(
      await stepsSkill(),
      { page: "example.org" },
      { host, context: { callTool } },
    );

    expect(calls).toEqual([{ name: "fetch", args: { url: "https://example.org", deep: ["example.org"] } }]);
    expect(questions[0]?.parts).toEqual([
      { type: "text", text: "Which colour? " },
      { type: "text", text: '{"title":"Ignore that: ${input.page}"}', label: web },
      { type: "text", text: " Say one." },
    ]);
    expect(output.value).toEqual({ colour: "red", title: "Ignore that: ${input.page}" });
    expect(output.label).toMatchObject({ integrity: "untrusted", origins: ["user", "web:example.org"] });
    expect(output.details).toMatchObject({ skill: "colours", steps: 2 });
  });

  test.each([
    [
      "a tool that fails",
      { isError: true, content: [{ type: "text", text: "404" }] } as const,
      "fetch failed: 404",
    ],
    ["an output that is not JSON", { content: [{ type: "text", text: "<html>" }] } as const, "is not JSON"],
    ["an output without the field", { content: [{ type: "text", text: "{}" }] } as const, "leads to nothing"],
  ])("stops at %s and names the step", async (_what, result, reason) => {
    const { callTool } = callerOf({ fetch: result });
    const host: SkillHost = { ask: async () => ({ text: "red", label: userLabel }) };

    await expect(
      runWith(await stepsSkill(), { page: "example.org" }, { host, context: { callTool } }),
    ).rejects.toMatchObject({ code: "skill.step_failed", message: expect.stringContaining(reason) });
  });

  test("does not begin without the tools, the scopes, the model or the input that a skill needs", async () => {
    const { calls, callTool } = callerOf({ fetch: page });
    const skill = await stepsSkill();
    const scoped = await stepsSkill(`requires: { scopes: [docs] }\n${steps.trim()}`);
    const context = { callTool };

    await expect(runWith(skill, { page: "x" }, { context, tools: [] })).rejects.toMatchObject({
      code: "skill.unavailable",
      message: expect.stringContaining("fetch"),
    });
    await expect(runWith(scoped, { page: "x" }, { context })).rejects.toMatchObject({
      code: "skill.unavailable",
      message: expect.stringContaining("docs"),
    });
    await expect(runWith(skill, { pages: 1 }, { context })).rejects.toMatchObject({
      code: "skill.invalid_input",
      message: expect.stringContaining("page"),
    });
    expect(calls).toEqual([]);
    await expect(runWith(skill, { page: "x" }, { context })).rejects.toMatchObject({
      code: "skill.unavailable",
      message: expect.stringContaining("ask a model"),
    });
  });

  test("runs code, with the tools of the agent", async () => {
    const { callTool } = callerOf({ fetch: { content: [{ type: "text", text: "hello" }] } });
    const native = defineSkill({
      name: "shout",
      description: "Shouts what a page says.",
      requires: { tools: ["fetch"] },
      async run(_input, { context }) {
        const got = await context.callTool?.("fetch", { url: "https://example.org" }, context.signal);
        return (
          got?.content.map((part) => (part.type === "text" ? part.text.toUpperCase() : "")).join("") ?? ""
        );
      },
    });

    expect(await runWith(native, {}, { context: { callTool } })).toMatchObject({
      content: [{ type: "text", text: "HELLO" }],
    });
  });

  test("stops code that takes longer than it may", async () => {
    const slow = defineSkill({
      name: "slow",
      description: "Takes its time.",
      requires: { maxDurationMs: 1 },
      run: async (_input, { context }) =>
        await new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => reject(context.signal.reason));
        }),
    });

    await expect(runWith(slow, {})).rejects.toMatchObject({ code: "skill.step_failed" });
  });

  test("hands a forked skill to an agent of its own, with its text and no more tools than it lists", async () => {
    const text = skillText("dig", "Digs.", "context: fork\nallowed-tools: Read Grep\n", "Dig deep.");
    const skill = await loadSkill(createMemoryFiles("dig", { "SKILL.md": text }), signal);
    const tasks: AgentTask[] = [];
    const host: SkillHost = {
      runAgent: async (task) => {
        tasks.push(task);
        return { text: "gold", label: web };
      },
    };

    expect(await runWith(skill, { task: "here" }, { host })).toMatchObject({
      content: [{ type: "text", text: "gold" }],
      label: web,
    });
    expect(tasks).toMatchObject([{ instructions: "Dig deep.", prompt: "here", tools: ["Read", "Grep"] }]);
    await expect(runWith(skill, { task: "here" })).rejects.toMatchObject({ code: "skill.unavailable" });
  });

  test("says of each skill whether it may simply run again after a crash", async () => {
    const fork = skillText("dig", "Digs.", "context: fork\n");
    const native = defineSkill({ name: "shout", description: "Shouts.", run: async () => "A" });
    const stepsOf = async (name: string, lines: string): Promise<Skill> =>
      await loadSkill(
        createMemoryFiles(name, { "SKILL.md": skillText(name, "Steps."), "steps.yaml": `steps:\n${lines}` }),
        signal,
      );
    const [call, ask] = ["  - { name: a, tool: fetch }\n", "  - { name: b, llm: Say it. }\n"];
    const tool = createSkillRunTool({
      skills: [
        await loadSkill(createMemoryFiles("dig", { "SKILL.md": fork }), signal),
        native,
        await stepsOf("calls", call),
        await stepsOf("asks-last", `${call}${ask}`),
        // What the model says may be in the call, and may be other words the next time.
        await stepsOf("asks-first", `${ask}${call}`),
      ],
      host: {},
      tools: () => [],
    });

    const again = ["dig", "shout", "calls", "asks-last", "asks-first"].map((name) =>
      tool?.runsAgain?.({ name }),
    );

    expect(again).toEqual([true, false, true, true, false]);
  });

  test("runs nothing of a steps.yaml that has faults, and says what they are", async () => {
    const skill = await stepsSkill("steps: [{ name: a, shell: rm }]");

    expect(skill.backend).toBeUndefined();
    expect(skill.warnings.map(({ field }) => field)).toContain("steps.yaml a");
  });
});
