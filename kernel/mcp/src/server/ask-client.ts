import type { CallToolResult, ClientCapabilities, InputRequiredResult } from "@modelcontextprotocol/server";
import type { PersonQuestion } from "@tau/core";

import type { McpRequest } from "./served.ts";
import { loadServerSdk } from "./server-sdk.ts";

/** Under which name the question goes to the client, and its answer comes back. */
const key = "answer";

/** Whether a client says that it shows forms to its person; one that names no kind shows those. */
export function canAsk({ elicitation }: ClientCapabilities): boolean {
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/**
 * Has the client ask its person what a tool wants to know: first the question is the result, and when the client calls again
 * with what was said, that is.
 */
export async function askClient(
  { text, options = [] }: PersonQuestion,
  { protocol }: McpRequest,
): Promise<CallToolResult | InputRequiredResult> {
  const { inputRequired, inputResponse } = await loadServerSdk();
  const said = inputResponse(protocol.mcpReq.inputResponses, key);
  if (said.kind === "elicit") {
    const words = said.action === "accept" ? said.content?.[key] : undefined;
    const answer = typeof words === "string" && words.trim() !== "" ? words : unanswered(said.action);
    return { content: [{ type: "text", text: answer }], isError: answer !== words };
  }
  // A person may always answer something else: the answers are named, and none of them is a must.
  const message = [text, ...options.map((option) => `- ${option}`)].join("\n");
  const requestedSchema = {
    type: "object" as const,
    properties: { [key]: { type: "string" as const, title: "Your answer", minLength: 1, maxLength: 10_000 } },
    required: [key],
  };
  return inputRequired({ inputRequests: { [key]: inputRequired.elicit({ message, requestedSchema }) } });
}

function unanswered(action: string): string {
  const who = action === "cancel" ? "Nobody answered" : "The person does not want to answer this";
  return `${who}. Go on with what is most likely right and say what you assumed, or stop here.`;
}
