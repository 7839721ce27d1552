import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultOutput,
} from "@ai-sdk/provider";
import type { ModelRequest } from "@tau/agent";
import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantMessage,
  AudioPart,
  FilePart,
  ImagePart,
  Message,
  ProviderPart,
  TextPart,
  ToolResultPart,
} from "@tau/core";

import { protocol, toProviderOptions } from "./protocol-name.ts";

type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

/** Writes instructions and conversation in the words of the AI SDK. */
export function toPrompt({ system = "", messages }: ModelRequest): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = system === "" ? [] : [{ role: "system", content: system }];
  for (const message of messages) prompt.push(toMessage(message));
  return prompt;
}

function toMessage(message: Message): LanguageModelV4Message {
  switch (message.role) {
    case "user":
      return { role: "user", content: message.parts.map(toUserPart) };
    case "assistant":
      return { role: "assistant", content: toAssistantContent(message) };
    case "tool":
      return {
        role: "tool",
        content: message.parts.map((result) => ({
          type: "tool-result",
          toolCallId: result.callId,
          toolName: result.name,
          output: toOutput(result),
        })),
      };
    default:
      return unreachable(message);
  }
}

function toUserPart(
  part: TextPart | ImagePart | AudioPart | FilePart,
): LanguageModelV4TextPart | LanguageModelV4FilePart {
  return part.type === "text" ? { type: "text", text: part.text } : toFile(part);
}

function toFile(part: ImagePart | AudioPart | FilePart): LanguageModelV4FilePart {
  const { mediaType, source } = part;
  return {
    type: "file",
    mediaType,
    data:
      source.kind === "base64"
        ? { type: "data", data: source.data }
        : { type: "url", url: new URL(source.url) },
    ...(part.type === "file" && part.name !== undefined ? { filename: part.name } : {}),
  };
}

function toAssistantContent({ parts }: AssistantMessage): AssistantContent {
  const content: AssistantContent = [];
  for (const part of parts) {
    switch (part.type) {
      case "text":
        content.push({ type: "text", text: part.text, ...toProviderOptions(part.providerData) });
        break;
      case "thinking":
        // What another protocol thought has no proof here, and would be refused.
        if (part.providerData?.protocol === protocol || part.signature === undefined) {
          content.push({ type: "reasoning", text: part.text, ...toProviderOptions(part.providerData) });
        }
        break;
      case "tool_call":
        content.push({
          type: "tool-call",
          toolCallId: part.id,
          toolName: part.name,
          input: toInput(part.arguments),
          ...toProviderOptions(part.providerData),
        });
        break;
      case "provider_item":
        content.push(...toOwnPart(part));
        break;
      default:
        content.push(toFile(part));
    }
  }
  return content;
}

/** Tools that ran at the provider, as they came; see `AnswerBuilder`. */
function toOwnPart({ kind, providerData }: ProviderPart): AssistantContent {
  if (providerData.protocol !== protocol) return [];
  const { toolCallId, toolName, input, result, providerMetadata } = providerData.data;
  const options = isJsonObject(providerMetadata)
    ? toProviderOptions({ protocol, data: providerMetadata })
    : {};
  if (kind === "custom") {
    const { kind: own } = providerData.data;
    return isCustomKind(own) ? [{ type: "custom", kind: own, ...options }] : [];
  }
  if (typeof toolCallId !== "string" || typeof toolName !== "string") return [];
  if (kind === "tool-call") {
    const text = typeof input === "string" ? input : "{}";
    return [
      { type: "tool-call", toolCallId, toolName, input: toInput(text), providerExecuted: true, ...options },
    ];
  }
  const value = JSON.parse(JSON.stringify(result ?? null));
  return [{ type: "tool-result", toolCallId, toolName, output: { type: "json", value }, ...options }];
}

function isCustomKind(kind: unknown): kind is `${string}.${string}` {
  return typeof kind === "string" && kind.includes(".");
}

/** Broken arguments go back as what they are: a text. */
function toInput(text: string): unknown {
  const parsed = parseJson(text === "" ? "{}" : text);
  return parsed.ok ? parsed.value : text;
}

function toOutput({ content, isError }: ToolResultPart): LanguageModelV4ToolResultOutput {
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  if (isError) return { type: "error-text", value: texts.join("\n") };
  if (texts.length === content.length) return { type: "text", value: texts.join("\n") };
  return {
    type: "content",
    value: content.map((part) => (part.type === "text" ? { type: "text", text: part.text } : toFile(part))),
  };
}
