import type {
  LanguageModelV2,
  LanguageModelV2StreamPart,
  LanguageModelV3,
  LanguageModelV3StreamPart,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";

import { toV2Options, toV3Options } from "./older-prompt.ts";

/** A language model of ai 7 (`v4`), ai 6 (`v3`) or ai 5 (`v2`). */
export type AiSdkLanguageModel = LanguageModelV4 | LanguageModelV3 | LanguageModelV2;

/** The parts of one answer, in the words of the newest specification; undefined at the end. */
export interface PartReader {
  read(): Promise<LanguageModelV4StreamPart | undefined>;
  cancel(): Promise<void>;
}

/** Asks a model of any specification. */
export async function openStream(
  model: AiSdkLanguageModel,
  options: LanguageModelV4CallOptions,
): Promise<PartReader> {
  switch (model.specificationVersion) {
    case "v4":
      return readerOf((await model.doStream(options)).stream, (part) => part);
    case "v3":
      return readerOf((await model.doStream(toV3Options(options))).stream, fromV3);
    default:
      return readerOf((await model.doStream(toV2Options(options))).stream, fromV2);
  }
}

function readerOf<Part>(
  stream: ReadableStream<Part>,
  toPart: (part: Part) => LanguageModelV4StreamPart,
): PartReader {
  const reader = stream.getReader();
  return {
    async read() {
      const step = await reader.read();
      return step.done ? undefined : toPart(step.value);
    },
    cancel: () => reader.cancel(),
  };
}

function fromV3(part: LanguageModelV3StreamPart): LanguageModelV4StreamPart {
  if (part.type === "file") return { ...part, data: { type: "data", data: part.data } };
  if (part.type !== "finish") return part;
  const { unified, raw } = part.finishReason;
  // So the older ones end an answer that was cut: they have no word for it.
  const cut = unified === "other" && raw === undefined;
  return { ...part, finishReason: { unified: cut ? "interrupted" : unified, raw } };
}

type ToolResult = Extract<LanguageModelV4StreamPart, { readonly type: "tool-result" }>["result"];

function fromV2(part: LanguageModelV2StreamPart): LanguageModelV4StreamPart {
  switch (part.type) {
    case "file":
      return { ...part, data: { type: "data", data: part.data } };
    case "tool-result": {
      const result: ToolResult = JSON.parse(JSON.stringify(part.result ?? ""));
      return { ...part, result };
    }
    case "stream-start":
      return { type: "stream-start", warnings: [] };
    case "finish": {
      const { finishReason: reason, usage } = part;
      const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
      return {
        type: "finish",
        finishReason: { unified: reason === "unknown" ? "interrupted" : reason, raw: undefined },
        usage: {
          inputTokens: {
            // Some count what was cached beside the input, not in it.
            total: Math.max(inputTokens ?? 0, cachedInputTokens ?? 0),
            noCache: undefined,
            cacheRead: cachedInputTokens,
            cacheWrite: undefined,
          },
          outputTokens: { total: outputTokens, text: undefined, reasoning: reasoningTokens },
        },
      };
    }
    default:
      return part;
  }
}
