import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import { exitCodes } from "./exit-codes.ts";

/** A server that asks something when it is only asked what it defines, and writes down what it was told. */
const asker = `
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, result } = JSON.parse(line);
  if (method === "initialize")
    say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "asker", version: "1" } } });
  else if (method === "tools/list") {
    say({ id: "ask", method: "elicitation/create", params: { message: "Show the details?", requestedSchema: { type: "object", properties: {} } } });
    say({ id, result: { tools: [{ name: "look", inputSchema: { type: "object" } }] } });
  } else if (id === "ask") writeFileSync("told.json", JSON.stringify(result));
  else if (id !== undefined) say({ id, error: { code: -32601, message: "No" } });
}
`;

test("a server that is only looked at asks nothing, so that no answer to it approves it", async () => {
  await using place = await createPlace("/var/tmp");
  await place.write("asker.mjs", asker);
  await place.write(
    "tau.toml",
    '[mcp.servers.asker]\ncommand = ["node", "asker.mjs"]\naccess = "workspace-write"\n',
  );
  await place.tau(["trust", "--yes"]);

  const approving = place.onTerminal(["mcp", "approve", "asker"]);
  await approving.until("Start it? [y]es or [n]o: ");
  approving.type("y\n");
  await approving.until("Let agents use all of this? [y]es or [n]o: ");
  approving.type("n\n");

  expect((await approving.ended).code).toBe(exitCodes.denied);
  expect(approving.output()).not.toContain("Show the details?");
  expect(await readFile(join(place.cwd, "told.json"), "utf8")).toBe('{"action":"cancel"}');
});
