import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** The protocols that the scripted server speaks. */
export type ScriptedProtocol = "openai" | "responses" | "anthropic" | "gemini" | "ollama";

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
  const messages = messagesOf(protocol, body);
  const users = messages.filter((message) => message["role"] === "user" && !holdsToolResults(message));
  const options = body["stream_options"];
  return {
    protocol,
    // Ollama streams unless it is told not to.
    stream: body["stream"] === true || (protocol === "ollama" && body["stream"] !== false),
    includeUsage: isJsonObject(options) && options["include_usage"] === true,
    assistantMessages: messages.filter((message) => message["role"] === "assistant").length,
    system: systemOf(protocol, body, messages),
    firstUser: textOf(users[0]?.["content"]),
    lastUser: textOf(users.at(-1)?.["content"]),
    lastToolResults: lastToolResults(messages),
    tools: arrayOf(body["tools"]).filter(isJsonObject).flatMap(toolNames),
    size,
  };
}

function messagesOf(protocol: ScriptedProtocol, body: JsonObject): readonly JsonObject[] {
  if (protocol === "responses") return inputMessages(body["input"]);
  if (protocol === "gemini") return arrayOf(body["contents"]).filter(isJsonObject).map(toMessage);
  return arrayOf(body["messages"]).filter(isJsonObject);
}

/** A content of a Gemini request as a message; the results of tools are among what a user says there. */
function toMessage({ role, parts }: JsonObject): JsonObject {
  const responses = arrayOf(parts).flatMap((part) =>
    isJsonObject(part) && isJsonObject(part["functionResponse"])
      ? [part["functionResponse"]["response"] ?? null]
      : [],
  );
  if (responses.length === 0)
    return { role: role === "model" ? "assistant" : "user", content: parts ?? null };
  const texts = responses.map((response) =>
    isJsonObject(response) ? Object.values(response).map(textOf) : [],
  );
  return { role: "tool", content: texts.flat() };
}

function systemOf(protocol: ScriptedProtocol, body: JsonObject, messages: readonly JsonObject[]): string {
  if (protocol === "anthropic") return textOf(body["system"]);
  if (protocol === "gemini") return textOf(body["systemInstruction"]);
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
  return typeof content["text"] === "string"
    ? content["text"]
    : textOf(content["content"] ?? content["parts"]);
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

/** Gemini keeps all functions in one tool. */
function toolNames(tool: JsonObject): readonly string[] {
  const declared = arrayOf(tool["functionDeclarations"]).filter(isJsonObject);
  const details = isJsonObject(tool["function"])
    ? [tool["function"]]
    : declared.length > 0
      ? declared
      : [tool];
  return details.map(({ name }) => (typeof name === "string" ? name : ""));
}

function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
