import { describe, expect, it, test } from "vitest";

import { builtInTools } from "../builtin/built-in-tools.ts";
import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { ToolRegistry } from "../tool-registry.ts";
import { defineTool } from "../define-tool.ts";
import { policyOf } from "../permissions/policy.test.support.ts";
import type { ToolContext } from "../tool.ts";
import { agentToolAliases } from "./agent-tool-aliases.ts";

interface Bench {
  readonly context: ToolContext;
  readonly registry: ToolRegistry;
  use(name: string, input: object): Promise<string>;
}

async function open(options: Parameters<typeof builtInTools>[0] = {}): Promise<Bench> {
  const context = await createWorkspaceContext();
  const registry = createToolRegistry({ tools: builtInTools(options), aliases: agentToolAliases });
  const use = async (name: string, input: object): Promise<string> =>
    resultText((await registry.execute(toolCall(name, input), context)).result);
  return { context, registry, use };
}

describe("agentToolAliases", () => {
  it("write, read and change files", async () => {
    const bench = await open();
    const at = { file: "a.txt", sudo: false };
    await bench.use("file_write", { ...at, content: "one\ntwo\nthree", trailing_newline: true });
    const read = await bench.use("file_read", { ...at, start_line: 1, end_line: 3 });
    expect(read).toMatch(/lines 2-3 of 3.*\ntwo\nthree$/s);
    expect(await bench.use("file_str_replace", { ...at, old_str: "two", new_str: "2" })).toContain(
      "Edited a.txt",
    );
    expect(await bench.use("file_read", { file: "a.txt" })).toContain("one\n2\nthree");
    await bench.use("file_write", { ...at, content: "four", leading_newline: true, append: true });
    expect(await bench.use("file_read", { file: "a.txt" })).toContain("one\n2\nthree\n\nfour");
  });

  it("stand for the dialect that is there", async () => {
    const bench = await open({ editDialect: "str_replace" });
    await bench.use("file_write", { file: "a.txt", content: "one\n" });
    const replaced = await bench.use("file_str_replace", { file: "a.txt", old_str: "one", new_str: "1" });
    expect(replaced).toContain("Edited a.txt");
  });

  it("run commands, and talk to what runs on", async () => {
    const bench = await open();
    const where = await bench.use("shell_exec", { id: "main", exec_dir: "/", command: "pwd" });
    expect(where).toMatch(/\n\/$/);
    const started = await bench.use("bash", { command: "read -r line; echo got $line", background: true });
    const id = /job-\w+/.exec(started)?.[0];
    await bench.use("shell_write_to_process", { id, input: "it", press_enter: true });
    expect(await bench.use("shell_wait", { id, seconds: 10 })).toContain("got it");
    expect(await bench.use("shell_view", { id })).toContain("got it");
    expect(await bench.use("shell_kill_process", { id })).toContain("exit code 0");
  });

  it("are decided on as the tools that they stand for", async () => {
    const { context, registry } = await open();
    const { environment, signal } = context;
    const policy = policyOf({ rules: { deny: ["bash(rm *)", "write(*.lock)"] } });
    const decide = async (name: string, input: object): Promise<string> => {
      const prepared = await registry.prepare(toolCall(name, input), { environment, signal });
      if (!prepared.ok) return prepared.code;
      const { tool, access } = prepared;
      expect(agentToolAliases[name]?.tools).toContain(tool.name);
      return policy.decide({ tool, access, workspace: environment.info.profile.workspace }).decision;
    };
    expect(await decide("shell_exec", { id: "1", exec_dir: "/", command: "rm -rf x" })).toBe("deny");
    expect(await decide("file_write", { file: "x.lock", content: "" })).toBe("deny");
    expect(await decide("file_write", { file: "x.txt", content: "" })).toBe("allow");
    expect(await decide("file_write", { file: 1, content: "" })).toBe("tool.invalid_arguments");
    expect(await decide("message_ask_user", { text: "Why?" })).toBe("allow");
    expect(await decide("message_notify_user", { text: "So." })).toBe("allow");
    expect(await decide("info_search_web", { query: "x" })).toBe("tool.not_found");
    expect(await decide("file_find_in_content", { file: "a", regex: "x" })).toBe("allow");
    expect(await decide("file_find_by_name", { path: ".", glob: "*.ts" })).toBe("allow");
  });

  it("take arguments that are the tool's already, as a hook may write them", async () => {
    const { context, registry } = await open();
    const prepared = await registry.prepare(toolCall("file_read", { file: "a.txt", start_line: 4 }), context);
    if (!prepared.ok) throw new TypeError("It was refused.");
    expect(prepared.args).toEqual({ path: "a.txt", offset: 5 });
    expect(prepared.call.name).toBe("file_read");
    const again = await registry.prepare(prepared.rewritten({ path: "b.txt", offset: 5 }), context);
    expect(again).toMatchObject({
      ok: true,
      args: { path: "b.txt", offset: 5 },
      call: { name: "file_read" },
    });
  });
});

test("an alias is not listed, and stands back behind a tool of its name", async () => {
  const own = defineTool({
    name: "file_read",
    description: "Another one.",
    input: { type: "object" },
    sideEffect: "pure",
    execute: () => "mine",
  });
  const context = await createWorkspaceContext();
  const registry = createToolRegistry({ tools: [...builtInTools(), own], aliases: agentToolAliases });
  expect(resultText((await registry.execute(toolCall("file_read", {}), context)).result)).toBe("mine");
  const names = registry.definitions().map(({ name }) => name);
  expect(names).not.toContain("shell_exec");
});
