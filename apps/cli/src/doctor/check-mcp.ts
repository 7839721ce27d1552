import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Says which MCP servers agents may use. Starts and reaches none; says nothing when there are none. */
export async function* checkMcp(settings: Settings, { env }: Pick<Terminal, "env">): AsyncGenerator<Finding> {
  if (settings.mcp === undefined) return;
  try {
    const { openServers } = await import("../mcp/open-servers.ts");
    await using open = await openServers({ settings, env });
    const servers = open?.client.servers ?? [];
    const approved = servers.filter(({ state }) => state === "approved");
    const tools = approved.reduce((sum, server) => sum + server.tools().length, 0);
    yield { check: "mcp", result: "ok", detail: `${approved.length} servers approved, ${tools} tools` };
    const waiting = servers.filter(({ state }) => state !== "approved").map(({ name }) => name);
    if (waiting.length > 0)
      yield { check: "mcp", result: "note", detail: `wait for "tau mcp approve": ${waiting.join(", ")}` };
    for (const { name, unusable } of approved)
      for (const tool of unusable)
        yield { check: "mcp", result: "note", detail: `${name}: ${tool.name} is left out: ${tool.reason}` };
  } catch (error) {
    yield faultOf("mcp", error);
  }
}
