import { existsSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const write = { name: "write", arguments: { path: "AGENTS.md", content: "hi\u202ethere" } };
const asking = { turns: [{ text: "May I?", toolCalls: [write] }, { text: "Thanks." }] };
const allow = "Allow it once? [y]es, [n]o, or n and why: ";

describe("on a terminal", () => {
  test("a question shows everything, is asked until the answer is clear, and then the call runs", async () => {
    await using place = await createPlace();
    await using model = await startScripted(asking);
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until("content: hi\\u{202e}there");
    await running.until(allow);
    running.type("perhaps\n");
    await running.until(allow);
    running.type("y\n");
    await running.until("Thanks.");
    expect((await running.ended).code).toBe(0);
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(true);
  });

  test("a denial with a reason reaches the model", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [
        { toolCalls: [write] },
        { text: "I will not.", expect: { lastToolResultContains: "use docs instead" } },
      ],
    });
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until(allow);
    running.type("n, use docs instead\n");
    await running.until("I will not.");
    expect((await running.ended).code).toBe(0);
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);
  });

  test("what was typed before a question does not answer it, and the end of input denies", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [{ text: "Wait. ".repeat(30), delayMs: 10, toolCalls: [write] }, { text: "Oh." }],
    });
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until("Wait.");
    running.type("y\ny\n");
    await running.until(allow);
    running.type("\u0004");
    await running.until("Nobody was there to answer");
    await running.until("Oh.");
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);
  });

  test("a question that is answered elsewhere is taken back", async () => {
    await using place = await createPlace();
    await using model = await startScripted(asking);
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until(allow);
    expect(
      (await place.tau(["approve", "last", "--allow", "--yes"], { env: { USER: "colleague" } })).code,
    ).toBe(0);
    await running.until("colleague: allow");
    await running.until("Thanks.");
    expect((await running.ended).code).toBe(0);
  });

  test("Ctrl-C cancels the run and its commands", async () => {
    await using place = await createPlace();
    const sleep = { name: "bash", arguments: { command: "echo up > up; sleep 60" } };
    await using model = await startScripted({ turns: [{ text: "Sleeping.", toolCalls: [sleep] }] });
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    // The status line says what runs; it is there only when the call lasts.
    await running.until("⋯ bash");
    running.type("\u0003");
    await running.until("Cancelling; Ctrl-C again quits at once.");
    await running.until("· cancelled");
    await running.until("■ cancelled");
    await running.until("To go on: tau run --resume");
    expect((await running.ended).code).toBe(130);
  });

  test("Ctrl-C twice quits at once", async () => {
    await using place = await createPlace();
    // A command that does not want to end gives the second Ctrl-C its time.
    const stubborn = { name: "bash", arguments: { command: "trap '' TERM; echo up; sleep 60; sleep 60" } };
    await using model = await startScripted({ turns: [{ toolCalls: [stubborn] }] });
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until("⋯ bash: up");
    running.type("\u0003");
    await running.until("Cancelling");
    running.type("\u0003");
    await running.until("Quit. To go on: tau run --resume");
    expect((await running.ended).code).toBe(130);
  });

  test("Ctrl-C at a question cancels too", async () => {
    await using place = await createPlace();
    await using model = await startScripted(asking);
    const running = place.onTerminal(["run", ...model.options, "hi"]);
    await running.until(allow);
    running.type("\u0003");
    await running.until("■ cancelled");
    expect((await running.ended).code).toBe(130);
  });

  test("a folder's tau.toml is shown and trusted when a person says so", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[agent]\nmax_steps = 7\n");
    for (const [answer, code] of [
      ["n", 3],
      ["y", 0],
    ] as const) {
      const running = place.onTerminal(["trust"]);
      await running.until("max_steps = 7");
      await running.until("Trust this? [y]es or [n]o: ");
      running.type(`${answer}\n`);
      expect((await running.ended).code).toBe(code);
    }
  });
});
