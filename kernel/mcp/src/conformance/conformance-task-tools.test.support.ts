import { setTimeout as sleep } from "node:timers/promises";

import { inputRequired, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";

import type { ServedTool } from "../server/served.ts";
import { ask, confirm, content, text, tool } from "./conformance-tools.test.support.ts";

/** Calls that go on as tasks of the extension. */
export function taskTools(): readonly ServedTool[] {
  const slow = tool("slow_compute", async ({ seconds, label }, { call }) => {
    await sleep(Number(seconds) * 1_000, undefined, { signal: call.signal });
    return text(`Computed ${typeof label === "string" ? label : "it"}.`);
  });
  const properties = { seconds: { type: "number" }, label: { type: "string" } };
  const failing = tool("failing_job", async () => ({ ...text("It failed."), isError: true }));
  const confirming = tool("confirm_delete", async (_args, request) => {
    const said = content(request, "confirm");
    if (said === undefined) return inputRequired({ inputRequests: { confirm } });
    return text(said["ok"] === true ? "Deleted." : "Kept.");
  });
  const both = tool("multi_input", async (_args, request) => {
    const [first, second] = [content(request, "first"), content(request, "second")];
    if (first !== undefined && second !== undefined) return text("Both are known.");
    return inputRequired({
      inputRequests: { first: ask("The first?", "value"), second: ask("The second?", "value") },
    });
  });
  const greeting = tool("test_tool_with_task", async (_args, request) =>
    text(`Hello, ${String(content(request, "user_name")?.["name"])}!`),
  );
  return [
    tool("greet", async ({ name }) => text(`Hello, ${String(name)}!`), { name: { type: "string" } }),
    {
      ...slow,
      definition: { ...slow.definition, inputSchema: { type: "object", properties } },
      mayBeTask: true,
    },
    { ...failing, mayBeTask: "must" },
    {
      ...tool("protocol_error_job", async () => {
        throw new ProtocolError(ProtocolErrorCode.InternalError, "The job broke.");
      }),
      mayBeTask: true,
    },
    { ...confirming, mayBeTask: true },
    { ...both, mayBeTask: true },
    {
      ...greeting,
      mayBeTask: "must",
      askFirst: async (_args, request) =>
        content(request, "user_name") === undefined
          ? inputRequired({ inputRequests: { user_name: ask("What is your name?", "name") } })
          : undefined,
    },
  ];
}
