import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const turns = [{ text: "Done.", usage: { inputTokens: 1_000, outputTokens: 100 } }];

describe("[budget] in tau.toml", () => {
  test("lets runs spend a day's money together, and refuses the call that does not fit", async () => {
    await using script = await startScripted({ turns });
    await using place = await createPlace();
    await place.write(
      "tau.toml",
      `[model]
provider = "compatible"
base_url = "${script.server.url}/v1"
id = "scripted"
input_price = 0
output_price = 10000000
[budget]
day_cost = 27000
`,
    );
    const run = () => place.tau(["run", "Go", "--config", "tau.toml", "--environment", "host"]);

    // 2,458 tokens of answer are set aside for a call, of which 100 are used, at 10 micro-USD each.
    const runs = [await run(), await run(), await run(), await run(), await run()];

    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 1, 1]);
    expect(runs[3]?.stdout).toContain("does not fit into the budget of this tenant: 27000 micro-USD a day");
    const { stdout } = await place.tau(["events", "--json"]);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(events).toMatchObject([
      ...[1, 2, 3].map(() => ({ type: "llm.call", result: { kind: "ok" }, costMicroUsd: 1_000 })),
      { type: "llm.call", result: { kind: "error", code: "budget.exceeded" } },
      { type: "llm.call", result: { kind: "error", code: "budget.exceeded" } },
    ]);
    expect(script.server.requests).toHaveLength(3);
  });

  test("keeps nothing of a run that has ended, and everything until then", async () => {
    await using script = await startScripted({
      turns: [
        { toolCalls: [{ name: "write", arguments: { path: "AGENTS.md", content: "x" } }] },
        { text: "Done." },
      ],
    });
    await using place = await createPlace();
    await place.write(
      "tau.toml",
      `[model]
provider = "compatible"
base_url = "${script.server.url}/v1"
id = "scripted"
input_price = 0
output_price = 10
[budget]
run_cost = 5000000
`,
    );
    const tau = (...args: readonly string[]) =>
      place.tau(["run", ...args, "--config", "tau.toml", "--environment", "host", "--approve", "ask"]);
    const runs = async (): Promise<readonly string[]> => {
      const folder = join(place.base, "tau", "store");
      const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".db"));
      return files.flatMap((name) => {
        using database = new DatabaseSync(join(folder, name), { readOnly: true });
        return database
          .prepare("SELECT account FROM budget_counters WHERE start = 0")
          .all()
          .map(({ account }) => String(account));
      });
    };

    expect((await tau("Go")).code).toBe(6);
    expect(await runs()).toEqual([expect.stringMatching(/^run\//u)]);
    await place.tau(["approve", "last", "--deny"]);
    expect((await tau("--resume", "last")).code).toBe(0);
    expect(await runs()).toEqual([]);
  });

  test("names a key that is none", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[budget]\nday_costs = 1\n");

    const { code, stderr } = await place.tau(["run", "Go", "--config", "tau.toml"]);

    expect(code).not.toBe(0);
    expect(stderr).toContain("budget.day_costs is not a key");
    expect(stderr).toContain("Did you mean day_cost?");
  });
});

describe("tau events", () => {
  test("lists each model call of a session with tokens, cost and time, the newest last", async () => {
    await using script = await startScripted({
      turns: [
        { toolCalls: [{ name: "bash", arguments: { command: "true" } }] },
        { text: "Done.", usage: { inputTokens: 1_234, outputTokens: 5 } },
      ],
    });
    await using place = await createPlace();
    expect((await place.tau(["events"])).stdout).toContain("There are no model calls yet");
    await place.tau([
      "run",
      "Go",
      "--base-url",
      `${script.server.url}/v1`,
      "--model",
      "scripted",
      "--environment",
      "host",
    ]);

    const { code, stdout } = await place.tau(["events", "--session", "last"]);

    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("tool_calls");
    expect(lines[1]).toMatch(/compatible\/scripted +stop +1,234 in, 5 out · .*\d+ ms · session /u);
    expect((await place.tau(["events", "--session", "nobody"])).stdout).toContain("no model calls");
  });
});
