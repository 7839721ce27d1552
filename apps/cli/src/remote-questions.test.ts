import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

const token = "a-token-of-more-than-16-characters";

/** An MCP server that wants to know a name and a number of nights before it books. */
const inn = `
import { createInterface } from "node:readline";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const requestedSchema = {
  type: "object",
  properties: { name: { type: "string" }, nights: { type: "integer" } },
  required: ["name", "nights"],
};
let booking;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, result } = JSON.parse(line);
  if (method === "initialize")
    say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "inn", version: "1" } } });
  else if (method === "tools/list")
    say({ id, result: { tools: [{ name: "book", description: "Books a room.", inputSchema: { type: "object" } }] } });
  else if (method === "tools/call") {
    booking = id;
    say({ id: "ask", method: "elicitation/create", params: { message: "For whom?", requestedSchema } });
  } else if (id === "ask")
    say({ id: booking, result: { content: [{ type: "text", text: "Booked: " + JSON.stringify(result) }] } });
  else if (id !== undefined) say({ id, error: { code: -32601, message: "No" } });
}
`;

async function placeWithInn(): Promise<Place> {
  const place = await createPlace("/var/tmp");
  await place.write("inn.mjs", inn);
  await place.write("tau.toml", '[mcp.servers.inn]\ncommand = ["node", "inn.mjs"]\ntimeout_ms = 20000\n');
  await place.tau(["trust", "--yes"]);
  expect((await place.tau(["mcp", "approve", "inn", "--yes"])).code).toBe(0);
  await place.write(
    "tau.toml",
    '[mcp.servers.inn]\ncommand = ["node", "inn.mjs"]\ntimeout_ms = 20000\n[permissions]\nallow = ["inn__book"]\n',
  );
  await place.tau(["trust", "--yes"]);
  return place;
}

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
