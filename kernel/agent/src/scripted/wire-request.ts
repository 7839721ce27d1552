import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** The protocols that the scripted server speaks. */
export type ScriptedProtocol = "openai" | "responses" | "anthropic";

/** What the scripted server needs to know about a request, whatever its protocol. */
export interface WireRequest {
  readonly protocol: ScriptedProtocol;
  readonly stream: boolean;
  /** OpenAI's `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  readonly assistantMessages: number;
  readonly system: string;
  readonly firstUser: string;
  readonly lastUser: string;
  readonly lastToolResults: string;
  readonly tools: readonly string[];
  /** Characters of the whole body, for usage. */
  readonly size: number;
}

/** Reads a request body of any of the protocols. */
export function readWireRequest(protocol: ScriptedProtocol, body: JsonObject, size: number): WireRequest {
  const messages =
    protocol === "responses" ? inputMessages(body["input"]) : arrayOf(body["messages"]).filter(isJsonObject);
  const users = messages.filter((message) => message["role"] === "user" && !holdsToolResults(message));
  const options = body["stream_options"];
  return {
    protocol,
    stream: body["stream"] === true,
    includeUsage: isJsonObject(options) && options["include_usage"] === true,
    assistantMessages: messages.filter((message) => message["role"] === "assistant").length,
    system: systemOf(protocol, body, messages),
    firstUser: textOf(users[0]?.["content"]),
    lastUser: textOf(users.at(-1)?.["content"]),
    lastToolResults: lastToolResults(messages),
    tools: arrayOf(body["tools"]).filter(isJsonObject).map(toolName),
    size,
  };
}

function systemOf(protocol: ScriptedProtocol, body: JsonObject, messages: readonly JsonObject[]): string {
  if (protocol === "anthropic") return textOf(body["system"]);
  const message = messages.find(({ role }) => role === "system" || role === "developer");
  return textOf(body["instructions"] ?? message?.["content"]);
}

/** The input items of a Responses request as messages; what an assistant said and called is one of them. */
function inputMessages(input: Json | undefined): readonly JsonObject[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  const messages: JsonObject[] = [];
  for (const item of arrayOf(input).filter(isJsonObject)) {
    const { type } = item;
    const isResult = typeof type === "string" && type.endsWith("_output");
    const role = isResult ? "tool" : (item["role"] ?? "assistant");
    // A message without a type is a turn of its own; typed items belong to the turn before them.
    const joins = role === "assistant" && type !== undefined;
    if (joins && messages.at(-1)?.["role"] === "assistant") continue;
    messages.push({ role, content: item["content"] ?? item["output"] ?? null });
  }
  return messages;
}

/** The text of content in any protocol, however deep it lies. */
function textOf(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  if (!isJsonObject(content)) return "";
  return typeof content["text"] === "string" ? content["text"] : textOf(content["content"]);
}

function lastToolResults(messages: readonly JsonObject[]): string {
  const results: string[] = [];
  for (const message of messages.toReversed()) {
    if (message["role"] === "assistant") break;
    if (message["role"] === "tool") results.unshift(textOf(message["content"]));
    else if (holdsToolResults(message)) results.unshift(textOf(message["content"]));
  }
  return results.join("\n");
}

function holdsToolResults(message: JsonObject): boolean {
  return arrayOf(message["content"]).some((part) => isJsonObject(part) && part["type"] === "tool_result");
}

function toolName(tool: JsonObject): string {
  const details = isJsonObject(tool["function"]) ? tool["function"] : tool;
  return typeof details["name"] === "string" ? details["name"] : "";
}

function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
