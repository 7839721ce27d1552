import { acceptedContent, inputRequired } from "@modelcontextprotocol/server";
import type { CallToolResult, InputRequest } from "@modelcontextprotocol/server";

import type { McpRequest, ServedTool } from "../server/served.ts";

/** A result of one text. */
export const text = (words: string): CallToolResult => ({ content: [{ type: "text", text: words }] });

/** A tool with these properties, all of them needed. */
export function tool(
  name: string,
  handle: ServedTool["handle"],
  properties: Readonly<Record<string, { readonly type: string }>> = {},
): ServedTool {
  const required = Object.keys(properties);
  return {
    definition: {
      name,
      description: `Of the conformance suite: ${name}.`,
      inputSchema: { type: "object", properties, required },
    },
    handle,
  };
}

/** What the client's person filled in. */
export function content(request: McpRequest, key: string): Readonly<Record<string, unknown>> | undefined {
  return acceptedContent(request.protocol.mcpReq.inputResponses, key);
}

/** A question with one field. */
export const ask = (message: string, name: string): InputRequest =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [name]: { type: "string" } }, required: [name] },
  });

/** A question for a yes. */
export const confirm: InputRequest = inputRequired.elicit({
  message: "Please confirm",
  requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
});
