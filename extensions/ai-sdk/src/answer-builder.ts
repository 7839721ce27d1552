import type {
  JSONValue,
  LanguageModelV4FinishReason,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { ModelIdentity } from "@tau/agent/adapter";
import { modelError } from "@tau/agent/adapter";
import type {
  AssistantPart,
  Citation,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  Usage,
} from "@tau/core";

import { protocol, toProviderData } from "./protocol-name.ts";

/** A part of the answer while it is being streamed. */
interface Block {
  readonly kind: "text" | "thinking" | "tool";
  text: string;
  metadata: object;
  citations: readonly Citation[];
  readonly tool?: { readonly index: number; readonly id: string; readonly name: string };
}

const stopReasons: Readonly<Record<string, StopReason>> = {
  stop: "stop",
  length: "length",
  "content-filter": "content_filtered",
  "tool-calls": "tool_calls",
  other: "stop",
};

/** Turns the parts of one AI SDK stream into model events. */
export class AnswerBuilder {
  readonly #identity: ModelIdentity;
  readonly #parts: (Block | AssistantPart)[] = [];
  readonly #open = new Map<string, Block>();
  #toolCalls = 0;
  #model: string | undefined;
  #responseId: string | undefined;

  constructor(identity: ModelIdentity) {
    this.#identity = identity;
  }

  /** The events that one part makes; the last part of a whole answer makes the `finished` event. */
  add(part: LanguageModelV4StreamPart): readonly ModelEvent[] {
    switch (part.type) {
      case "text-start":
        return this.#begin(`text ${part.id}`, { kind: "text" }, part.providerMetadata);
      case "reasoning-start":
        return this.#begin(`thinking ${part.id}`, { kind: "thinking" }, part.providerMetadata);
      case "text-delta":
        return this.#grow(`text ${part.id}`, part.delta, part.providerMetadata);
      case "reasoning-delta":
        return this.#grow(`thinking ${part.id}`, part.delta, part.providerMetadata);
      case "text-end":
        return this.#end(`text ${part.id}`, part.providerMetadata, (part.citations ?? []).map(toCitation));
      case "reasoning-end":
        return this.#end(`thinking ${part.id}`, part.providerMetadata);
      case "tool-input-start":
        return part.providerExecuted === true ? [] : this.#beginTool(part.id, part.toolName);
      case "tool-input-delta":
        return this.#grow(`tool ${part.id}`, part.delta);
      case "tool-call":
        return this.#toolCall(part);
      case "response-metadata":
        this.#model = part.modelId ?? this.#model;
        this.#responseId = part.id ?? this.#responseId;
        return [];
      case "finish":
        return [this.#finish(part.finishReason, part.usage)];
      default:
        this.#addWhole(part);
        return [];
    }
  }

  #begin(key: string, { kind }: Pick<Block, "kind">, metadata: object | undefined): readonly ModelEvent[] {
    const block: Block = { kind, text: "", metadata: metadata ?? {}, citations: [] };
    this.#open.set(key, block);
    this.#parts.push(block);
    return [];
  }

  #grow(key: string, delta: string, metadata: object = {}): readonly ModelEvent[] {
    const block = this.#open.get(key);
    if (block === undefined) return [];
    block.metadata = { ...block.metadata, ...metadata };
    if (delta === "") return [];
    block.text += delta;
    if (block.tool !== undefined)
      return [{ type: "tool_call_delta", index: block.tool.index, fragment: delta }];
    return [{ type: block.kind === "thinking" ? "thinking_delta" : "text_delta", text: delta }];
  }

  #end(key: string, metadata: object = {}, citations: readonly Citation[] = []): readonly ModelEvent[] {
    const block = this.#open.get(key);
    if (block === undefined) return [];
    block.metadata = { ...block.metadata, ...metadata };
    block.citations = citations;
    this.#open.delete(key);
    return [];
  }

  #beginTool(id: string, name: string): readonly ModelEvent[] {
    const tool = { index: this.#toolCalls++, id, name };
    const block: Block = { kind: "tool", text: "", metadata: {}, citations: [], tool };
    this.#open.set(`tool ${id}`, block);
    this.#parts.push(block);
    return [{ type: "tool_call_started", ...tool }];
  }

  /** The whole call: of one that was streamed only what is new, of another all. */
  #toolCall(part: Extract<LanguageModelV4StreamPart, { type: "tool-call" }>): readonly ModelEvent[] {
    if (part.providerExecuted === true) {
      this.#addWhole(part);
      return [];
    }
    const key = `tool ${part.toolCallId}`;
    const events = this.#open.has(key) ? [] : [...this.#beginTool(part.toolCallId, part.toolName)];
    const block = this.#open.get(key);
    if (block?.text === "") events.push(...this.#grow(key, part.input));
    this.#end(key, part.providerMetadata);
    return events;
  }

  #addWhole(part: LanguageModelV4StreamPart): void {
    if (part.type === "source") {
      this.#cite(part);
    } else if (part.type === "file" || part.type === "reasoning-file") {
      if (part.type === "file") this.#parts.push(toMedia(part));
    } else if (part.type === "custom" || part.type === "tool-call" || part.type === "tool-result") {
      if (isNotice(part)) return;
      this.#parts.push({
        type: "provider_item",
        kind: part.type,
        providerData: { protocol, data: toJson({ ...part }) },
      });
    } else if (part.type === "error") {
      throw part.error;
    }
  }

  /** A source belongs to the text before it, as far as the AI SDK tells. */
  #cite(source: LanguageModelV4Source): void {
    const block = this.#parts.findLast((part): part is Block => "kind" in part && part.kind === "text");
    if (block !== undefined) block.citations = [...block.citations, toCitation({ source })];
  }

  #finish(reason: LanguageModelV4FinishReason, usage: LanguageModelV4Usage): ModelFinished {
    if (reason.unified === "interrupted") throw modelError("model.truncated", this.#identity);
    if (reason.unified === "error") throw modelError("model.server_error", this.#identity);
    const parts = this.#parts.flatMap((part) =>
      "kind" in part && "metadata" in part ? toPart(part) : [part],
    );
    const fallback = this.#toolCalls > 0 ? "tool_calls" : "stop";
    const stopReason = reason.unified === "other" ? fallback : (stopReasons[reason.unified] ?? fallback);
    return {
      type: "finished",
      message: { role: "assistant", parts },
      usage: toUsage(usage),
      stopReason: stopReason === "stop" && this.#toolCalls > 0 ? "tool_calls" : stopReason,
      model: this.#model ?? this.#identity.model,
      ...(this.#responseId === undefined ? {} : { responseId: this.#responseId }),
    };
  }
}

/** What tells only of the way, and is no part of a whole answer: previews, and that a message began. */
function isNotice(
  part: Extract<LanguageModelV4StreamPart, { type: "custom" | "tool-call" | "tool-result" }>,
): boolean {
  if (part.type === "tool-result") return part.preliminary === true;
  return part.type === "custom" && part.kind.endsWith(".message_start");
}

function toPart({ kind, text, metadata, citations, tool }: Block): readonly AssistantPart[] {
  const providerData = toProviderData(metadata);
  if (tool !== undefined) {
    const { id, name } = tool;
    return [{ type: "tool_call", id, name, arguments: text === "" ? "{}" : text, ...providerData }];
  }
  if (kind === "thinking") return [{ type: "thinking", text, ...providerData }];
  if (text === "") return [];
  return [{ type: "text", text, ...(citations.length === 0 ? {} : { citations }), ...providerData }];
}

function toCitation({
  source,
  startIndex,
  endIndex,
  citedText,
}: {
  readonly source: LanguageModelV4Source;
  readonly startIndex?: number;
  readonly endIndex?: number;
  readonly citedText?: string;
}): Citation {
  return {
    ...(source.sourceType === "url" ? { url: source.url } : {}),
    ...(source.title === undefined ? {} : { title: source.title }),
    ...(citedText === undefined ? {} : { quote: citedText }),
    ...(startIndex === undefined ? {} : { start: startIndex }),
    ...(endIndex === undefined ? {} : { end: endIndex }),
  };
}

function toMedia({ mediaType, data }: Extract<LanguageModelV4StreamPart, { type: "file" }>): AssistantPart {
  const [kind = ""] = mediaType.split("/");
  const type = kind === "image" || kind === "audio" ? kind : "file";
  if (data.type === "url") return { type, mediaType, source: { kind: "url", url: String(data.url) } };
  const bytes = data.data;
  const base64 = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("base64");
  return { type, mediaType, source: { kind: "base64", data: base64 } };
}

function toUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  const read = inputTokens.cacheRead ?? 0;
  const written = inputTokens.cacheWrite ?? 0;
  return {
    inputTokens: inputTokens.total ?? (inputTokens.noCache ?? 0) + read + written,
    outputTokens: outputTokens.total ?? (outputTokens.text ?? 0) + (outputTokens.reasoning ?? 0),
    cacheReadTokens: read,
    cacheWriteTokens: written,
    reasoningTokens: outputTokens.reasoning ?? 0,
  };
}

/** A copy that holds JSON only. */
function toJson(part: Readonly<Record<string, JSONValue | object | undefined>>): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(part));
  return copy;
}
