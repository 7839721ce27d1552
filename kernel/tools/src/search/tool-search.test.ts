import { describe, expect, test } from "vitest";

import { defineTool } from "../define-tool.ts";
import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { Tool } from "../tool.ts";
import { createWordIndex } from "./word-index.ts";

const services = [
  "calendar",
  "chat",
  "cloud",
  "crm",
  "files",
  "github",
  "jira",
  "mail",
  "maps",
  "pay",
  "shop",
  "wiki",
];
const verbs = ["archive", "copy", "create", "delete", "export", "get", "list", "move", "search", "update"];
const things = [
  "account",
  "board",
  "comment",
  "document",
  "event",
  "folder",
  "issue",
  "label",
  "message",
  "report",
];

function tool(
  name: string,
  description: string,
  rest: Partial<Pick<Tool, "scopes" | "sideEffect" | "group">> = {},
): Tool {
  return defineTool<{ id: string }>({
    name,
    description,
    input: {
      type: "object",
      properties: { id: { type: "string" } },
      required: ["id"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    ...rest,
    execute: ({ id }) => `${name} ${id}`,
  });
}

/** As many as a dozen MCP servers bring. */
const many = services.flatMap((service) =>
  verbs.flatMap((verb) =>
    things.map((thing) => tool(`${service}__${verb}_${thing}`, `Lets you ${verb} a ${thing} in ${service}.`)),
  ),
);
const own = [tool("read", "Reads a file."), tool("write", "Writes a file.")];

describe("tool search", () => {
  test("lists everything as long as there are few", () => {
    const registry = createToolRegistry({ tools: [...own, ...many.slice(0, 62)] });
    expect(registry.definitions().length).toBe(64);
    expect(registry.definitions().map(({ name }) => name)).not.toContain("tool_search");
  });

  test("shows of 1,200 tools the names of their groups, in a few hundred bytes", () => {
    const registry = createToolRegistry({ tools: [...many, ...own] });
    const definitions = registry.definitions();

    expect(definitions.map(({ name }) => name)).toEqual(["read", "tool_call", "tool_search", "write"]);
    const search = definitions.find(({ name }) => name === "tool_search");
    expect(search?.description).toContain(`more of them for: ${services.join(", ")}.`);
    expect(JSON.stringify(definitions).length).toBeLessThan(2_500);
    expect(registry.list().length).toBe(1_202);
  });

  test("says the same, byte for byte, however tools are added, and when one more comes to a group", () => {
    const one = createToolRegistry({ tools: [...many, ...own] });
    const other = createToolRegistry({ tools: [...own, ...many.toReversed()] });
    const before = JSON.stringify(one.definitions());

    expect(JSON.stringify(other.definitions())).toBe(before);
    one.register(tool("github__fork_repository", "Forks a repository."));
    expect(JSON.stringify(one.definitions())).toBe(before);
  });

  test.each([
    ["create an issue on github", "github__create_issue"],
    ["searching messages in chat", "chat__search_message"],
    ["exportReport shop", "shop__export_report"],
    ["wiki__move_document", "wiki__move_document"],
  ])("finds first what fits best: %s", async (query, wanted) => {
    const registry = createToolRegistry({ tools: [...many, ...own] });
    const { result } = await registry.execute(
      toolCall("tool_search", { query }),
      await createWorkspaceContext(),
    );

    const [first = ""] = resultText(result).split("\n");
    expect(JSON.parse(first)).toEqual({
      tool: wanted,
      description: expect.stringContaining("Lets you"),
      arguments: many[0]?.inputSchema,
    });
  });

  test("searches one group, lists one, and says when nothing fits", async () => {
    const registry = createToolRegistry({ tools: many });
    const context = await createWorkspaceContext();
    const ask = async (input: object): Promise<string> =>
      resultText((await registry.execute(toolCall("tool_search", input), context)).result);

    const found = await ask({ query: "delete comment", group: "jira", limit: 2 });
    expect(found.match(/"tool":"\w+"/gu)?.[0]).toBe('"tool":"jira__delete_comment"');
    expect(found.match(/"tool":"jira__/gu)?.length).toBe(2);
    expect((await ask({ group: "pay" })).split("\n").length).toBe(100);
    expect(await ask({ query: "xylophone" })).toContain("No tool has these words");
    expect(await ask({ group: "nothing" })).toContain("tool.invalid_arguments");
  });

  test("calls what was found, with the checks and the class of that tool", async () => {
    const send = tool("mail__send_all", "Sends.", { sideEffect: "irreversible" });
    const registry = createToolRegistry({ tools: [...many, send] });
    const context = await createWorkspaceContext();
    const call = (target: string, args: unknown) =>
      registry.execute(toolCall("tool_call", { tool: target, arguments: args }), context);

    const { result } = await call("jira__get_issue", { id: "7" });
    expect([resultText(result), result.name]).toEqual(["jira__get_issue 7", "tool_call"]);
    const wrong = await call("jira__get_issue", { id: 7 });
    expect(resultText(wrong.result)).toContain("- id: expected string");
    expect(wrong.result.name).toBe("tool_call");
    expect(resultText((await call("jira__get_isue", {})).result)).toContain(
      'Did you mean "jira__get_issue"?',
    );
    expect((await call("jira__get_issue", "text")).code).toBe("tool.invalid_arguments");
    expect((await call("tool_call", {})).code).toBe("tool.invalid_arguments");
    const prepared = await registry.prepare(
      toolCall("tool_call", { tool: "mail__send_all", arguments: { id: "1" } }),
      context,
    );
    if (!prepared.ok) throw new TypeError("It fits.");
    expect([prepared.tool.name, prepared.tool.sideEffect, prepared.args]).toEqual([
      "mail__send_all",
      "irreversible",
      { id: "1" },
    ]);
    expect(JSON.parse(prepared.rewritten({ id: "2" }).arguments)).toEqual({
      tool: "mail__send_all",
      arguments: { id: "2" },
    });
  });

  test("takes a call by the tool's own name too", async () => {
    const registry = createToolRegistry({ tools: many });
    const run = await registry.execute(
      toolCall("jira__get_issue", { id: "7" }),
      await createWorkspaceContext(),
    );
    expect(resultText(run.result)).toBe("jira__get_issue 7");
  });

  test("neither finds nor calls what the viewer may not use", async () => {
    const secret = tool("vault__open_safe", "Opens the safe.", { scopes: ["vault"] });
    const view = createToolRegistry({ tools: [...many, secret] }).viewFor({ principal: { scopes: [] } });
    const context = await createWorkspaceContext();
    const found = await view.execute(toolCall("tool_search", { query: "open the safe" }), context);
    const called = await view.execute(
      toolCall("tool_call", { tool: "vault__open_safe", arguments: { id: "1" } }),
      context,
    );

    expect(JSON.stringify(view.definitions())).not.toContain("vault");
    expect(resultText(found.result)).not.toContain("vault");
    expect(called.code).toBe("tool.not_found");
  });

  test("puts what has no group into one when even those are too many, but for what is always shown", () => {
    const plain = Array.from({ length: 100 }, (_, index) => tool(`plain_${index}`, "Does something."));
    const grouped = tool("a_one", "Does.", { group: "mine" });
    const registry = createToolRegistry({
      tools: [...plain, grouped],
      search: { above: 10, always: ["plain_7"] },
    });

    expect(registry.definitions().map(({ name }) => name)).toEqual(["plain_7", "tool_call", "tool_search"]);
    expect(registry.definitions()[2]?.description).toContain("for: mine, other.");
  });

  test("keeps its own names", () => {
    for (const name of ["tool_search", "tool_call"])
      expect(() => createToolRegistry({ tools: [tool(name, "Mine.")] })).toThrowError(
        expect.objectContaining({ code: "tool.invalid_name" }),
      );
  });
});

describe("createWordIndex()", () => {
  test("prefers rare words, short documents and weighty fields", () => {
    const index = createWordIndex([
      [{ text: "the common word and more of the common words", weight: 1 }],
      [{ text: "common word", weight: 1 }],
      [{ text: "rare", weight: 1 }],
      [{ text: "common", weight: 3 }],
    ]);

    expect(index.find("common rare", 2).map(({ at }) => at)).toEqual([2, 3]);
    expect(index.find("words", 9).map(({ at }) => at)).toEqual([1, 0]);
    expect(index.find("the of", 9)).toEqual([]);
    expect(createWordIndex([]).find("word", 1)).toEqual([]);
  });
});
