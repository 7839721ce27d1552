import { describe, expect, it } from "vitest";

import { createWorkbench } from "../builtin/builtin.test.support.ts";
import { policyOf, workspace } from "../permissions/policy.test.support.ts";
import { resultText } from "../tool-call.test.support.ts";
import { createAskUserTool } from "./ask-user-tool.ts";

const item = (text: string, status: string): object => ({ text, status });

describe("todo", () => {
  it("shows the list, and keeps it in the details for screens", async () => {
    const bench = await createWorkbench();
    const items = [item("look", "completed"), item("change", "in_progress"), item("test", "pending")];
    const run = await bench.run("todo", { items });
    expect(resultText(run.result)).toBe("1 of 3 done.\n[x] look\n[>] change\n[ ] test");
    expect(run.details).toEqual({ todos: items });
  });

  it("lets one thing be in progress", async () => {
    const bench = await createWorkbench();
    const items = [item("look", "in_progress"), item("change", "in_progress")];
    const run = await bench.run("todo", { items });
    expect(run.code).toBe("tool.invalid_arguments");
    expect(resultText(run.result)).toContain("one thing at a time");
    expect((await bench.run("todo", { items: [item("look", "begun")] })).code).toBe("tool.invalid_arguments");
  });
});

describe("notify", () => {
  it("shows a text and goes on", async () => {
    const seen: string[] = [];
    const bench = await createWorkbench({}, { progress: (text) => seen.push(text) });
    const run = await bench.run("notify", { text: "Half done." });
    expect(run.details).toEqual({ notice: "Half done." });
    expect(seen).toEqual(["Half done."]);
  });
});

describe("ask_user", () => {
  it("says what it asks, needs no rule, and cannot be executed without a run that waits", async () => {
    const tool = createAskUserTool();
    expect(tool.question?.({ question: "Which?", options: ["a", "b"] })).toEqual({
      text: "Which?",
      options: ["a", "b"],
    });
    const access = tool.access({ question: "Which?" }, workspace);
    expect(policyOf({ approvals: "policy" }).decide({ tool, access, workspace }).decision).toBe("allow");
    const bench = await createWorkbench();
    expect((await bench.run("ask_user", { question: "Which?" })).code).toBe("person.unreachable");
    expect((await bench.run("ask_user", { question: "Which?", options: ["a"] })).code).toBe(
      "tool.invalid_arguments",
    );
  });
});
