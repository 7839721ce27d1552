import type {
  LanguageModelV2CallOptions,
  LanguageModelV2FilePart,
  LanguageModelV2ReasoningPart,
  LanguageModelV2TextPart,
  LanguageModelV2ToolCallPart,
  LanguageModelV2ToolResultPart,
  LanguageModelV3CallOptions,
  LanguageModelV3ToolResultPart,
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";

import { fileElsewhere } from "./file-elsewhere.ts";

/** Content of assistant messages that both older specifications write in the same way. */
type SharedPart =
  | LanguageModelV2TextPart
  | LanguageModelV2FilePart
  | LanguageModelV2ReasoningPart
  | LanguageModelV2ToolCallPart;

type OlderOptions = Pick<LanguageModelV2TextPart, "providerOptions">;
type Tool = NonNullable<LanguageModelV4CallOptions["tools"]>[number];
type V2Tool = NonNullable<LanguageModelV2CallOptions["tools"]>[number];

type OlderMessage<Result> =
  | { role: "system"; content: string }
  | { role: "user"; content: (LanguageModelV2TextPart | LanguageModelV2FilePart)[] }
  | { role: "assistant"; content: (SharedPart | Result)[] }
  | { role: "tool"; content: Result[] };

type Content<Role extends string> = Extract<LanguageModelV4Message, { readonly role: Role }>["content"];

/** A call in the words of specification `v3`, which has none for how hard to think. */
export function toV3Options(options: LanguageModelV4CallOptions): LanguageModelV3CallOptions {
  const { prompt, reasoning: _, ...same } = options;
  return { ...same, prompt: prompt.map((message) => toMessage(message, toV3Result)) };
}

/** A call in the words of specification `v2`. */
export function toV2Options(options: LanguageModelV4CallOptions): LanguageModelV2CallOptions {
  const { prompt, reasoning: _, tools, providerOptions, ...same } = options;
  return {
    ...same,
    ...ownOptions({ providerOptions }),
    prompt: prompt.map((message) => toMessage(message, toV2Result)),
    ...(tools === undefined ? {} : { tools: tools.map(toV2Tool) }),
  };
}

function toV2Tool(tool: Tool): V2Tool {
  if (tool.type === "provider") return { ...tool, type: "provider-defined" };
  const { type, name, description = "", inputSchema } = tool;
  return { type, name, description, inputSchema };
}

/** A message of both older specifications, which differ only in what a tool may answer. */
function toMessage<Result>(
  message: LanguageModelV4Message,
  toResult: (part: LanguageModelV4ToolResultPart) => Result,
): OlderMessage<Result> {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: message.content.map(toUserPart) };
    case "assistant":
      return { role: "assistant", content: toAssistantContent(message.content, toResult) };
    default:
      return { role: "tool", content: resultsOf(message.content).map(toResult) };
  }
}

function toUserPart(part: Content<"user">[number]): LanguageModelV2TextPart | LanguageModelV2FilePart {
  return part.type === "file" ? toFile(part) : { type: "text", text: part.text, ...ownOptions(part) };
}

function toAssistantContent<Result>(
  content: Content<"assistant">,
  toResult: (part: LanguageModelV4ToolResultPart) => Result,
): (SharedPart | Result)[] {
  return content.flatMap((part): (SharedPart | Result)[] => {
    switch (part.type) {
      case "file":
        return [toFile(part)];
      case "tool-result":
        return [toResult(part)];
      case "text":
      case "reasoning":
        return [{ type: part.type, text: part.text, ...ownOptions(part) }];
      case "tool-call": {
        const { type, toolCallId, toolName, input, providerExecuted = false } = part;
        return [{ type, toolCallId, toolName, input, providerExecuted, ...ownOptions(part) }];
      }
      default: // Words that only the newest specification has.
        return [];
    }
  });
}

/** The options of a part, which are JSON: the newest specification lets fields be undefined, too. */
function ownOptions({ providerOptions }: { readonly providerOptions?: object | undefined }): OlderOptions {
  if (providerOptions === undefined) return {};
  const copy: OlderOptions["providerOptions"] = JSON.parse(JSON.stringify(providerOptions));
  return copy === undefined ? {} : { providerOptions: copy };
}

function resultsOf(content: Content<"tool">): readonly LanguageModelV4ToolResultPart[] {
  return content.filter((part) => part.type === "tool-result");
}

/** Bytes and addresses stand there without a word about which of them it is. */
function toFile(part: LanguageModelV4FilePart): LanguageModelV2FilePart {
  const { type, mediaType, filename, data } = part;
  const same = { type, mediaType, ...(filename === undefined ? {} : { filename }), ...ownOptions(part) };
  switch (data.type) {
    case "data":
      return { ...same, data: data.data };
    case "url":
      return { ...same, data: data.url };
    case "text":
      return { ...same, data: Buffer.from(data.text) };
    default:
      throw fileElsewhere();
  }
}

function toV3Result(result: LanguageModelV4ToolResultPart): LanguageModelV3ToolResultPart {
  const { type, toolCallId, toolName, output } = result;
  const same = { type, toolCallId, toolName, ...ownOptions(result) };
  if (output.type !== "content") return { ...same, output };
  const value = output.value.flatMap((part): V3Content[] => {
    if (part.type === "text") return [part];
    if (part.type !== "file") return [];
    const { data, mediaType } = toFile(part);
    if (data instanceof URL) return [{ type: "file-url", url: data.href }];
    const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
    return [{ type: mediaType.startsWith("image/") ? "image-data" : "file-data", data: base64, mediaType }];
  });
  return { ...same, output: { type: "content", value } };
}

type V3Content = Extract<
  LanguageModelV3ToolResultPart["output"],
  { readonly type: "content" }
>["value"][number];

function toV2Result(result: LanguageModelV4ToolResultPart): LanguageModelV2ToolResultPart {
  const { type, toolCallId, toolName, output } = result;
  const same = { type, toolCallId, toolName, ...ownOptions(result) };
  if (output.type === "execution-denied") {
    return {
      ...same,
      output: { type: "error-text", value: output.reason ?? "The tool was not allowed to run." },
    };
  }
  if (output.type !== "content") return { ...same, output };
  const value = output.value.flatMap((part): V2Content[] => {
    if (part.type === "text") return [{ type: "text", text: part.text }];
    if (part.type !== "file") return [];
    const { data, mediaType } = toFile(part);
    // There is no word for an address here.
    if (data instanceof URL) return [{ type: "text", text: data.href }];
    const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
    return [{ type: "media", data: base64, mediaType }];
  });
  return { ...same, output: { type: "content", value } };
}

type V2Content = Extract<
  LanguageModelV2ToolResultPart["output"],
  { readonly type: "content" }
>["value"][number];
