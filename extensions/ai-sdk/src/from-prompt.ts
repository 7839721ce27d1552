import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import type { ModelRequest } from "@tau/agent";
import { isJsonObject, unreachable } from "@tau/core";
import type {
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  JsonSchema,
  Message,
  ToolDefinition,
  ToolResultContent,
} from "@tau/core";

import { fileElsewhere } from "./file-elsewhere.ts";
import { ownFields } from "./tau-metadata.ts";

/** Reads a call of the AI SDK as a request. What a request has no word for becomes a warning. */
export function fromCallOptions(options: LanguageModelV4CallOptions): {
  readonly request: ModelRequest;
  readonly warnings: readonly string[];
} {
  const { maxOutputTokens, temperature, topP, seed, stopSequences, tools = [], toolChoice } = options;
  const unsupported = (["topK", "presencePenalty", "frequencyPenalty"] as const).filter(
    (name) => options[name] !== undefined,
  );
  const reasoning = toReasoning(options.reasoning);
  const system = options.prompt.flatMap((message) => (message.role === "system" ? [message.content] : []));
  const format = options.responseFormat;
  const request: ModelRequest = {
    ...(system.length === 0 ? {} : { system: system.join("\n\n") }),
    messages: options.prompt.flatMap(toMessages),
    tools: tools.flatMap(toTool),
    ...(tools.length === 0 || toolChoice === undefined ? {} : { toolChoice: toChoice(toolChoice) }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stopSequences === undefined ? {} : { stopSequences }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(format?.type === "json" && format.schema !== undefined
      ? { outputSchema: { name: format.name ?? "answer", schema: toJson(format.schema) } }
      : {}),
  };
  const providerTools = tools.filter(({ type }) => type === "provider").map(({ name }) => name);
  return { request, warnings: [...unsupported, ...providerTools.map((name) => `tool ${name}`)] };
}

function toMessages(message: LanguageModelV4Message): readonly Message[] {
  switch (message.role) {
    case "system":
      return [];
    case "user":
      return [
        {
          role: "user",
          parts: message.content.map((part) =>
            part.type === "text" ? { type: "text", text: part.text } : toMedia(part),
          ),
        },
      ];
    case "assistant":
      return [{ role: "assistant", parts: message.content.flatMap(toAssistantPart) }];
    case "tool": {
      const results = message.content.filter((part) => part.type === "tool-result");
      return results.length === 0 ? [] : [{ role: "tool", parts: results.map(toResult) }];
    }
    default:
      return unreachable(message);
  }
}

type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"][number];

function toAssistantPart(part: AssistantContent): readonly AssistantPart[] {
  const { providerData, ...proofs } = ownFields(part.providerOptions);
  const data = providerData === undefined ? {} : { providerData };
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text, ...data }];
    case "reasoning":
      return [{ type: "thinking", text: part.text, ...proofs, ...data }];
    case "tool-call": {
      const { toolCallId: id, toolName: name, input } = part;
      const text = typeof input === "string" ? input : JSON.stringify(input ?? {});
      return [{ type: "tool_call", id, name, arguments: text, ...data }];
    }
    case "file":
      return [toMedia(part)];
    default:
      return [];
  }
}

function toResult({
  toolCallId,
  toolName,
  output,
}: LanguageModelV4ToolResultPart): Extract<Message, { role: "tool" }>["parts"][number] {
  const isError =
    output.type === "error-text" || output.type === "error-json" || output.type === "execution-denied";
  return { type: "tool_result", callId: toolCallId, name: toolName, content: toContent(output), isError };
}

function toContent(output: LanguageModelV4ToolResultOutput): readonly ToolResultContent[] {
  switch (output.type) {
    case "text":
    case "error-text":
      return [{ type: "text", text: output.value }];
    case "json":
    case "error-json":
      return [{ type: "text", text: JSON.stringify(output.value) }];
    case "execution-denied":
      return [{ type: "text", text: output.reason ?? "The tool was not allowed to run." }];
    case "content":
      return output.value.flatMap((part): ToolResultContent[] => {
        if (part.type === "text") return [{ type: "text", text: part.text }];
        if (part.type !== "file") return [];
        const media = toMedia(part);
        return media.type === "audio" ? [] : [media];
      });
    default:
      return unreachable(output);
  }
}

function toMedia({ data, mediaType, filename }: LanguageModelV4FilePart): ImagePart | AudioPart | FilePart {
  const [kind = ""] = mediaType.split("/");
  const type = kind === "image" || kind === "audio" ? kind : "file";
  const name = type === "file" && filename !== undefined ? { name: filename } : {};
  if (data.type === "url") return { type, mediaType, source: { kind: "url", url: data.url.href }, ...name };
  if (data.type === "reference") throw fileElsewhere();
  const bytes = data.type === "text" ? Buffer.from(data.text) : data.data;
  const base64 = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("base64");
  return { type, mediaType, source: { kind: "base64", data: base64 }, ...name };
}

function toTool(tool: NonNullable<LanguageModelV4CallOptions["tools"]>[number]): readonly ToolDefinition[] {
  if (tool.type !== "function") return [];
  const { name, description = "", inputSchema } = tool;
  return [{ name, description, inputSchema: toJson(inputSchema) }];
}

function toChoice(
  choice: NonNullable<LanguageModelV4CallOptions["toolChoice"]>,
): NonNullable<ModelRequest["toolChoice"]> {
  return choice.type === "tool" ? { name: choice.toolName } : choice.type;
}

function toReasoning(reasoning: LanguageModelV4CallOptions["reasoning"]): ModelRequest["reasoning"] {
  switch (reasoning) {
    case "none":
    case "low":
    case "medium":
    case "high":
      return reasoning;
    case "minimal":
      return "low";
    case "xhigh":
    case "max":
      return "high";
    default:
      return undefined;
  }
}

function toJson(schema: object): JsonSchema {
  const copy: unknown = JSON.parse(JSON.stringify(schema));
  return isJsonObject(copy) ? copy : {};
}
