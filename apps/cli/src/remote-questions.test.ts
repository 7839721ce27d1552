import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startScripted } from "./cli.test.support.ts";
import { placeWithInn } from "./inn.test.support.ts";

const token = "a-token-of-more-than-16-characters";

test("what an MCP server and the model want to know is asked and answered through a server", async () => {
  await using place = await placeWithInn();
  await using model = await startScripted({
    turns: [
      { toolCalls: [{ name: "inn__book", arguments: {} }] },
      {
        toolCalls: [{ name: "ask_user", arguments: { question: "Which colour?", options: ["red", "blue"] } }],
      },
      { text: "All done." },
    ],
  });
  const serving = place.spawn(["serve", "--port", "0", "--token", "env:TAU_TOKEN", ...model.options], {
    env: { TAU_TOKEN: token },
  });
  onTestFinished(() => void serving.child.kill("SIGTERM"));
  await serving.until("Ctrl-C stops.");
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  const env = { TAU_SERVER: url, TAU_TOKEN: token, TAU_HOME: join(place.base, "elsewhere") };
  const tau = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await place.tau(args, { env });
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url, token });
  const { sessionId } = await client.createSession();
  const answers = ["Ada", "many", "2", "blue"];
  const shown: string[] = [];
  const results: string[] = [];

  for await (const one of client.run({ sessionId, prompt: "Book" })) {
    if (one.kind !== "event") continue;
    if (one.event.type === "run_waiting") {
      shown.push(await tau("approve", "last"));
      await tau("approve", "last", "--answer", answers.shift() ?? "");
    }
    if (one.event.type === "effect_finished") results.push(JSON.stringify(one.event.result.content));
  }

  expect(shown[0]).toContain('The MCP server "inn" asks: For whom?');
  expect(shown[0]).toContain("1 of 2: name");
  expect(shown[2]).toContain("That is no answer to this. 2 of 2: nights");
  expect(shown[3]).toContain("Which colour?");
  expect(results[0]).toContain('\\"content\\":{\\"name\\":\\"Ada\\",\\"nights\\":2}');
  expect(results[1]).toContain("blue");
  serving.child.kill("SIGTERM");
  expect((await serving.ended).code).toBe(0);
});
