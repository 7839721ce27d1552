import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

interface Listed {
  readonly kind: string;
  readonly name: string;
  readonly source?: string;
  readonly sideEffect?: string;
  readonly visible: string;
  readonly why?: string;
  readonly denied?: string;
}

async function listed(place: Place, options: readonly string[] = []): Promise<ReadonlyMap<string, Listed>> {
  const { code, stdout, stderr } = await place.tau(["tools", "list", "--json", ...options]);
  expect([code, stderr]).toEqual([0, ""]);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line): Listed => JSON.parse(line));
  return new Map(rows.map((row) => [row.name, row]));
}

const reviewer = `[roles.reviewer]
tools = ["read", "grep", "fetch", "bash"]
except = ["fetch"]
side_effects = ["pure"]
`;

describe("tau tools list", () => {
  test("says of every tool where it comes from and what running it twice means, and of sets how to get them", async () => {
    await using place = await createPlace();
    const tools = await listed(place, ["--with", "script"]);
    expect(tools.get("bash")).toMatchObject({
      source: "built-in",
      sideEffect: "irreversible",
      visible: "yes",
    });
    expect(tools.get("run_script")).toMatchObject({ source: "script", visible: "yes" });
    expect(tools.get("python")).toEqual({
      kind: "set",
      name: "python",
      visible: "no",
      why: "off: --with python, or [tools] python = true in tau.toml",
    });
    expect(tools.get("ask_user")).toBeUndefined();
    expect((await listed(place, ["--approve", "ask"])).get("ask_user")).toMatchObject({ visible: "yes" });
    const { stdout } = await place.tau(["tools", "list"]);
    expect(stdout).toMatch(/^NAME +FROM +CLASS +SHOWN\nbash +built-in +irreversible +yes\n/u);
    expect(stdout).toMatch(/\n\nNOT THERE\n/u);
  });

  test("names the rule that denies every call of a tool, not those that deny some", async () => {
    await using place = await createPlace();
    const deny = '["bash", "write", "network", "gr*", "read(secrets/**)"]';
    await place.write("own.toml", `[permissions]\ndeny = ${deny}\n`);
    const tools = await listed(place, ["--config", "own.toml"]);
    const denied = [...tools.values()].flatMap(({ name, denied: rule }) =>
      rule === undefined ? [] : [[name, rule]],
    );
    expect(new Map(denied.map(([name = "", rule]) => [name, rule]))).toEqual(
      new Map([
        ["bash", "bash, of the layer session"],
        ["edit", "write, of the layer session"],
        ["write", "write, of the layer session"],
        ["grep", "gr*, of the layer session"],
        ["fetch", "network, of the layer session"],
        ["http", "network, of the layer session"],
        ["notebook_edit", "write, of the layer session"],
        ["terminal", "bash, of the layer session"],
      ]),
    );
    const { stdout } = await place.tau(["tools", "list", "--config", "own.toml"]);
    expect(stdout).toMatch(/^bash .* yes; every call is denied by the rule bash, of the layer session$/mu);
    expect(stdout).toMatch(/^read .* yes$/mu);
  });

  test("names the role that keeps a tool from the agent, which it then neither sees nor can call", async () => {
    await using place = await createPlace();
    await place.write("own.toml", reviewer);
    const options = ["--config", "own.toml", "--role", "reviewer"];
    const tools = await listed(place, options);
    const shown = [...tools.values()].filter(({ visible }) => visible === "yes").map(({ name }) => name);
    expect(shown).toEqual(["grep", "read"]);
    expect(tools.get("bash")?.why).toBe("the role reviewer does not see it");

    await using model = await startScripted({
      turns: [{ toolCalls: [{ name: "bash", arguments: { command: "echo out" } }] }, { text: "I cannot." }],
    });
    const run = await place.tau(["run", ...model.options, ...options, "Run echo"]);
    expect(run.stdout).toContain("tool.not_found");
    const body: { tools: readonly { function: { name: string } }[] } = JSON.parse(
      JSON.stringify(model.server.requests[0]?.body),
    );
    expect(body.tools.map(({ function: { name } }) => name)).toEqual(["grep", "read"]);
    const unknown = await place.tau(["run", "--config", "own.toml", "--role", "reviewr", "hi"]);
    expect(unknown.stderr).toMatch(/no role "reviewr"; there is reviewer\. Did you mean reviewer\?/u);
  });

  test("says which tools are searched where there are many; what every task needs is shown", async () => {
    await using place = await createPlace();
    await place.write("own.toml", "[agent]\nsearch_tools_above = 5\n[modules]\nplanning = true\n");
    const tools = await listed(place, ["--config", "own.toml"]);
    expect(tools.get("create_plan")).toMatchObject({
      visible: "searched",
      why: "there are more than 5 tools: tool_search finds it",
    });
    expect(tools.get("bash")?.visible).toBe("yes");
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "tool_search", arguments: { query: "plan" } },
            { name: "tool_call", arguments: { tool: "create_plan", arguments: { goal: "g", steps: ["s"] } } },
          ],
        },
        { text: "Done." },
      ],
    });
    const run = await place.tau(["run", ...model.options, "--config", "own.toml", "Plan"]);
    expect(run.code).toBe(0);
    const body: { messages: readonly { role: string; content: string }[] } = JSON.parse(
      JSON.stringify(model.server.requests.at(-1)?.body),
    );
    const results = body.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    expect(results).toEqual([expect.stringContaining('"create_plan"'), expect.stringContaining("[ ] 1. s")]);
  });
});
