import { describe, expect, test } from "vitest";

import { defineTool } from "./define-tool.ts";
import { createWorkspaceContext } from "./testing/tool-context.ts";
import { resultText, toolCall } from "./tool-call.test.support.ts";
import { createToolRegistry } from "./tool-registry.ts";
import type { Tool } from "./tool.ts";

function tool(name: string, rest: Partial<Pick<Tool, "sideEffect" | "scopes">> = {}): Tool {
  return defineTool({
    name,
    description: name,
    input: { type: "object" },
    sideEffect: "pure",
    ...rest,
    execute: () => "done",
  });
}

const tools = [
  tool("read"),
  tool("report_read", { scopes: ["reports:read"] }),
  tool("report_send", { scopes: ["reports:read", "reports:send"], sideEffect: "irreversible" }),
  tool("write", { sideEffect: "compensable" }),
];
const roles = {
  reader: { sideEffects: ["pure"] },
  reporter: { tools: ["report_*"], except: ["*_send"] },
} as const;
const registry = createToolRegistry({ tools, roles });

function namesFor(role: string | undefined, scopes: readonly string[]): readonly string[] {
  const view = registry.viewFor({ principal: { scopes }, ...(role === undefined ? {} : { role }) });
  return view.definitions().map(({ name }) => name);
}

describe("viewFor()", () => {
  test("shows what the principal has all scopes for, and nothing else", () => {
    expect(namesFor(undefined, [])).toEqual(["read", "write"]);
    expect(namesFor(undefined, ["reports:send"])).toEqual(["read", "write"]);
    expect(namesFor(undefined, ["reports:read", "reports:send"])).toEqual([
      "read",
      "report_read",
      "report_send",
      "write",
    ]);
  });

  test("shows what the role includes, by name and by class", () => {
    const all = ["reports:read", "reports:send"];
    expect(namesFor("reader", all)).toEqual(["read", "report_read"]);
    expect(namesFor("reporter", all)).toEqual(["report_read"]);
    expect(namesFor("reporter", [])).toEqual([]);
  });

  test("a role that nobody defined sees nothing: it is refused", () => {
    for (const role of ["admin", "constructor"])
      expect(() => registry.viewFor({ role })).toThrowError(
        expect.objectContaining({ code: "tool.unknown_role" }),
      );
  });

  test("neither runs nor names what is hidden", async () => {
    const view = registry.viewFor({ principal: { scopes: [] } });
    const run = await view.execute(toolCall("report_sent", {}), await createWorkspaceContext());

    expect(run.code).toBe("tool.not_found");
    expect(resultText(run.result)).toContain("The tools are: read, write.");
    expect(resultText(run.result)).not.toContain("report_send");
    expect(() => view.get("report_send")).toThrowError(expect.objectContaining({ code: "tool.not_found" }));
  });

  test("follows the registry", () => {
    const own = createToolRegistry({ tools });
    const view = own.viewFor({ principal: { scopes: [] } });
    own.register(tool("added"));
    expect(own.remove("read")).toBe(true);
    expect(own.remove("read")).toBe(false);

    expect(view.list().map(({ name }) => name)).toEqual(["added", "write"]);
  });
});

describe("scopes", () => {
  test("are asked for before anything else, also where the tool is seen", async () => {
    const context = await createWorkspaceContext();
    const broken = toolCall("report_send", "{");
    const prepared = await registry.prepare(broken, context);
    const { environment, signal } = context;
    const unknown = await registry.prepare(broken, { environment, signal });

    expect(prepared).toMatchObject({ ok: false, code: "tool.missing_scope" });
    expect(unknown).toMatchObject({ ok: false, code: "tool.missing_scope" });
    expect(prepared.ok ? "" : resultText(prepared.result)).toContain("reports:read and reports:send");
  });

  test("are asked for again where the call runs", async () => {
    const mayOnce = { principal: { scopes: ["reports:read"] } };
    const context = await createWorkspaceContext();
    const prepared = await registry.prepare(toolCall("report_read", {}), { ...context, call: mayOnce });
    if (!prepared.ok) throw new TypeError("It may.");

    expect((await registry.run(prepared, context)).code).toBe("tool.missing_scope");
  });
});
