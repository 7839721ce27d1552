import { describe, expect, test } from "vitest";

import type { Transcript } from "@tau/agent/scripted";

import { createPlace, startScripted } from "./cli.test.support.ts";

const transcript: Transcript = {
  conversations: [
    { match: "ready", turns: [{ text: "ready", usage: { inputTokens: 100, outputTokens: 10 } }] },
    {
      match: "weather in Oslo? Use",
      turns: [{ failure: { kind: "status", status: 400, message: "\u001b[31mno tools here" } }],
    },
    { match: "Say hello", turns: [{ text: "Hello." }] },
  ],
};

interface Line {
  readonly name: string;
  readonly verdict: string;
  readonly claim: string | null;
  readonly differs: boolean;
}

describe("tau probe", () => {
  test("shows what it measured beside what is known, in a process of its own", async () => {
    await using place = await createPlace();
    await using model = await startScripted(transcript);
    await place.write(
      "tau.toml",
      '[[models]]\nprovider = "compatible"\nid = "scripted"\ntools = true\nforced_tools = false\n',
    );
    const only = "answer,tools,forced_tools,stop";
    const args = ["probe", "--config", "tau.toml", "--only", only, ...model.options];

    const { code, stdout } = await place.spawn(args).ended;

    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ answer +yes +\? +said "ready"$/mu);
    // A stranger's words do not drive the terminal.
    expect(stdout).toMatch(/^✗ tools +no +yes +refused: .*no tools here/mu);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^✗ forced_tools +no +no +said "Hello\."/mu);
    // The transcript has no answer to it, which says nothing of the model.
    expect(stdout).toMatch(/^[?✗] stop /mu);
    expect(stdout).toContain("Not as known: tools. Write what is true under [[models]] in tau.toml.");
  });

  test("tells programs each finding, the claim and whether they differ", async () => {
    await using place = await createPlace();
    await using model = await startScripted(transcript);
    await place.write(
      "tau.toml",
      `[model]\nprovider = "anthropic"\nid = "claude-haiku-4-5"\nbase_url = "${model.server.url}"\n`,
    );

    const { stdout } = await place.tau(["probe", "--config", "tau.toml", "--only", "answer,tools", "--json"]);

    const found: readonly Line[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(found).toMatchObject([
      { name: "answer", verdict: "yes", claim: "yes", differs: false, usage: { inputTokens: 100 } },
      { name: "tools", verdict: "no", claim: "yes", differs: true, providerSaid: expect.any(String) },
    ]);
  });

  test("says what the measuring cost, where the price is known", async () => {
    await using place = await createPlace();
    await using model = await startScripted(transcript);
    await place.write(
      "tau.toml",
      `[model]\nprovider = "anthropic"\nid = "claude-haiku-4-5"\nbase_url = "${model.server.url}"\n`,
    );

    const { stdout } = await place.tau(["probe", "--config", "tau.toml", "--only", "answer"]);

    expect(stdout).toContain("1 check, 110 tokens, $0.000150.");
  });

  test.each([
    [["--only", "tols"], 2, "Did you mean tools?"],
    [["--provider", "anthropic", "--base-url", "http://127.0.0.1:1", "--embeddings", "e"], 2, "no embedding"],
    [["--base-url", "http://127.0.0.1:1/v1", "-m", "m"], 1, "[model.network]"],
  ])("%j ends with what is wrong", async (args, exitCode, message) => {
    await using place = await createPlace();

    const { code, stderr } = await place.tau(["probe", ...args]);

    expect(stderr).toContain(message);
    expect(code).toBe(exitCode);
  });
});
