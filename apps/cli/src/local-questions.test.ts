import { describe, expect, test } from "vitest";

import { startScripted } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";
import { placeWithInn } from "./inn.test.support.ts";

const booking = [{ toolCalls: [{ name: "inn__book", arguments: {} }] }, { text: "All done." }];

describe("what an MCP server asks in a run without a terminal", () => {
  test("waits for answers from other processes where questions may wait", async () => {
    await using place = await placeWithInn();
    await using model = await startScripted({ turns: booking });

    const first = await place.tau(["run", "--approve", "ask", ...model.options, "Book"]);
    const shown = await place.tau(["approve", "last"]);
    await place.tau(["approve", "last", "--answer", "Ada"]);
    const second = await place.tau(["run", "--resume", "last", ...model.options]);
    await place.tau(["approve", "last", "--answer", "2"]);
    const third = await place.tau(["run", "--resume", "last", ...model.options]);

    expect(first.code).toBe(exitCodes.waiting);
    expect(first.stderr).toMatch(/tau approve \S+ \S+ --answer "…"/u);
    expect(shown.stdout).toContain('The MCP server "inn" asks: For whom?\n  1 of 2: name');
    expect(shown.stdout).toContain("The model had been shown: mcp:inn");
    expect(second.code).toBe(exitCodes.waiting);
    expect([third.code, third.stderr]).toEqual([exitCodes.ok, ""]);
    expect(JSON.stringify(model.server.requests.at(-1)?.body)).toContain(
      String.raw`\"name\":\"Ada\",\"nights\":2`,
    );
  });

  test("is not asked where nobody is asked anything, which the server is told", async () => {
    await using place = await placeWithInn();
    await using model = await startScripted({ turns: booking });

    const { code } = await place.tau(["run", ...model.options, "Book"]);

    expect(code).toBe(exitCodes.ok);
    expect(JSON.stringify(model.server.requests.at(-1)?.body)).toContain("Nobody here to ask.");
  });
});
