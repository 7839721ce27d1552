import { expect } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

/** An MCP server that wants to know a name and a number of nights before it books. */
const inn = `
import { createInterface } from "node:readline";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const requestedSchema = {
  type: "object",
  properties: { name: { type: "string" }, nights: { type: "integer" } },
  required: ["name", "nights"],
};
let booking, canAsk;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result } = JSON.parse(line);
  if (method === "initialize") {
    canAsk = params.capabilities.elicitation !== undefined;
    say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "inn", version: "1" } } });
  }
  else if (method === "tools/list")
    say({ id, result: { tools: [{ name: "book", description: "Books a room.", inputSchema: { type: "object" } }] } });
  else if (method === "tools/call" && !canAsk)
    say({ id, result: { isError: true, content: [{ type: "text", text: "Nobody here to ask." }] } });
  else if (method === "tools/call") {
    booking = id;
    say({ id: "ask", method: "elicitation/create", params: { message: "For whom?", requestedSchema } });
  } else if (id === "ask")
    say({ id: booking, result: { content: [{ type: "text", text: "Booked: " + JSON.stringify(result) }] } });
  else if (id !== undefined) say({ id, error: { code: -32601, message: "No" } });
}
`;

/** A place whose agents may use it; calls of it may run again after a crash. */
export async function placeWithInn(): Promise<Place> {
  const place = await createPlace("/var/tmp");
  await place.write("inn.mjs", inn);
  await place.write("tau.toml", '[mcp.servers.inn]\ncommand = ["node", "inn.mjs"]\ntimeout_ms = 20000\n');
  await place.tau(["trust", "--yes"]);
  expect((await place.tau(["mcp", "approve", "inn", "--yes"])).code).toBe(0);
  await place.write(
    "tau.toml",
    '[mcp.servers.inn]\ncommand = ["node", "inn.mjs"]\ntimeout_ms = 20000\n[mcp.servers.inn.tools.book]\nside_effect = "idempotent"\n[permissions]\nallow = ["inn__book"]\n',
  );
  await place.tau(["trust", "--yes"]);
  return place;
}
