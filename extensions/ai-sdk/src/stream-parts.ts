import type {
  LanguageModelV4File,
  LanguageModelV4FinishReason,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type {
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  ModelEvent,
  ModelFinished,
  StopReason,
  TextPart,
  Usage,
} from "@tau/core";

import { metadataOf } from "./tau-metadata.ts";

/** A text or a thought that is being streamed. */
interface Open {
  readonly kind: "text" | "thinking";
  readonly id: string;
}

const finishReasons: Readonly<Record<StopReason, LanguageModelV4FinishReason["unified"]>> = {
  stop: "stop",
  stop_sequence: "stop",
  length: "length",
  tool_calls: "tool-calls",
  content_filtered: "content-filter",
  pause: "other",
};

/** Turns model events into the parts of an AI SDK stream. */
export class StreamParts {
  readonly #blocks: Open[] = [];
  readonly #tools: { readonly id: string; readonly name: string }[] = [];

  /** The parts that one event makes. */
  of(event: ModelEvent): readonly LanguageModelV4StreamPart[] {
    switch (event.type) {
      case "text_delta":
        return this.#delta("text", event.text);
      case "thinking_delta":
        return this.#delta("thinking", event.text);
      case "tool_call_started":
        this.#tools[event.index] = { id: event.id, name: event.name };
        return [{ type: "tool-input-start", id: event.id, toolName: event.name }];
      case "tool_call_delta":
        return [{ type: "tool-input-delta", id: this.#tools[event.index]?.id ?? "", delta: event.fragment }];
      default:
        return this.#finish(event);
    }
  }

  #delta(kind: Open["kind"], delta: string): readonly LanguageModelV4StreamPart[] {
    const last = this.#blocks.at(-1);
    const word = kind === "text" ? "text" : "reasoning";
    if (last?.kind === kind) return [{ type: `${word}-delta`, id: last.id, delta }];
    const id = String(this.#blocks.length);
    this.#blocks.push({ kind, id });
    return [
      { type: `${word}-start`, id },
      { type: `${word}-delta`, id, delta },
    ];
  }

  /** Signatures and citations are known only now: texts and thoughts end with the answer. */
  #finish({
    message,
    usage,
    stopReason,
    model,
    responseId,
  }: ModelFinished): readonly LanguageModelV4StreamPart[] {
    const parts: LanguageModelV4StreamPart[] = [];
    const blocks = [...this.#blocks];
    for (const [index, part] of message.parts.entries()) parts.push(...endOf(part, `part-${index}`, blocks));
    for (const { kind, id } of blocks)
      parts.push({ type: kind === "text" ? "text-end" : "reasoning-end", id });
    parts.push(
      { type: "response-metadata", modelId: model, ...(responseId === undefined ? {} : { id: responseId }) },
      {
        type: "finish",
        usage: toUsage(usage),
        finishReason: toFinishReason(stopReason),
      },
    );
    return parts;
  }
}

/** Ends the block that a part was streamed in, or says the part whole if it was not. */
function endOf(part: AssistantPart, name: string, blocks: Open[]): readonly LanguageModelV4StreamPart[] {
  switch (part.type) {
    case "text":
    case "thinking": {
      const word = part.type === "text" ? "text" : "reasoning";
      const at = blocks.findIndex(({ kind }) => kind === part.type);
      const [open] = at === -1 ? [] : blocks.splice(at, 1);
      const ends: LanguageModelV4StreamPart[] = [];
      const id = open?.id ?? name;
      // Encrypted thinking is never streamed, and must come back all the same.
      if (open === undefined) ends.push({ type: `${word}-start`, id });
      ends.push({ type: `${word}-end`, id, ...metadataOf(part) });
      if (part.type === "text") ends.push(...toSources(part));
      return ends;
    }
    case "tool_call":
      return [
        { type: "tool-input-end", id: part.id },
        {
          type: "tool-call",
          toolCallId: part.id,
          toolName: part.name,
          input: part.arguments,
          ...metadataOf(part),
        },
      ];
    case "provider_item":
      return [];
    default:
      return [toFile(part)];
  }
}

/** A picture, a sound or a document that a model made. */
export function toFile({ mediaType, source }: ImagePart | AudioPart | FilePart): LanguageModelV4File {
  const data: LanguageModelV4File["data"] =
    source.kind === "url" ? { type: "url", url: new URL(source.url) } : { type: "data", data: source.data };
  return { type: "file", mediaType, data };
}

/** Why a model stopped, in the words of the AI SDK. */
export function toFinishReason(stopReason: StopReason): LanguageModelV4FinishReason {
  return { unified: finishReasons[stopReason], raw: stopReason };
}

/** The pages that a text cites. */
export function toSources({ citations = [] }: TextPart): readonly LanguageModelV4Source[] {
  return citations.flatMap(({ url, title }, index): LanguageModelV4Source[] => {
    if (url === undefined) return [];
    const named = title === undefined ? {} : { title };
    return [{ type: "source", sourceType: "url", id: `${index}-${url}`, url, ...named }];
  });
}

/** Counts tokens in the words of the AI SDK. */
export function toUsage(usage: Usage): LanguageModelV4Usage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens - cacheReadTokens - cacheWriteTokens,
      cacheRead: cacheReadTokens,
      cacheWrite: cacheWriteTokens,
    },
    outputTokens: {
      total: outputTokens,
      text: outputTokens - reasoningTokens,
      reasoning: reasoningTokens,
    },
  };
}
