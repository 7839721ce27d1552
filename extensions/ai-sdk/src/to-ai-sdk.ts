import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { completeAnswer } from "@tau/agent";
import type { Model } from "@tau/agent";
import type { AssistantPart, CallContext, ModelFinished } from "@tau/core";

import { fromCallOptions } from "./from-prompt.ts";
import { StreamParts, toFile, toFinishReason, toSources, toUsage } from "./stream-parts.ts";
import { metadataOf } from "./tau-metadata.ts";
import { toApiError } from "./to-api-error.ts";

/** Options of {@link toAiSdk}. */
export interface ToAiSdkOptions {
  /** Who calls: the AI SDK does not know. Its signal is replaced by the call's own, where it has one. */
  readonly context: (options: LanguageModelV4CallOptions) => CallContext;
}

/**
 * Makes a language model of the AI SDK, specification `v4`, out of a model of Tau, a pipeline for example.
 *
 * Failures become `APICallError`s that say whether asking again may help, with the failure of Tau as their cause.
 */
export function toAiSdk(model: Model, { context }: ToAiSdkOptions): LanguageModelV4 {
  const contextOf = (options: LanguageModelV4CallOptions): CallContext => {
    const { abortSignal } = options;
    const own = context(options);
    return abortSignal === undefined ? own : { ...own, signal: AbortSignal.any([own.signal, abortSignal]) };
  };

  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.id,
    // Whatever the model cannot fetch itself, the AI SDK downloads.
    supportedUrls: {},

    async doGenerate(options) {
      const { request, warnings } = readOptions(model, options);
      try {
        const finished = await completeAnswer(model, request, contextOf(options));
        return toResult(finished, warnings);
      } catch (error) {
        throw toApiError(model, error);
      }
    },

    async doStream(options) {
      const { request, warnings } = readOptions(model, options);
      const left = new AbortController();
      const own = contextOf(options);
      const signal = AbortSignal.any([own.signal, left.signal]);
      const source = model.stream(request, { ...own, signal })[Symbol.asyncIterator]();
      const parts = new StreamParts();
      // What fails before the first event fails the call, so that the AI SDK can repeat it.
      const first = await source.next().catch((error: unknown) => {
        throw toApiError(model, error);
      });
      let next: typeof first | undefined = first;
      const stream = new ReadableStream<LanguageModelV4StreamPart>(
        {
          start: (controller) => controller.enqueue({ type: "stream-start", warnings: toWarnings(warnings) }),
          async pull(controller) {
            try {
              const step = next ?? (await source.next());
              next = undefined;
              if (step.done === true) return controller.close();
              for (const event of step.value) {
                for (const part of parts.of(event)) controller.enqueue(part);
              }
            } catch (error) {
              controller.enqueue({ type: "error", error: toApiError(model, error) });
              controller.close();
            }
          },
          async cancel(reason) {
            // A provider that says nothing more would keep the stream from being closed.
            left.abort(reason);
            await source.return?.();
          },
        },
        { highWaterMark: 1 },
      );
      return { stream };
    },
  };
}

function readOptions(model: Model, options: LanguageModelV4CallOptions): ReturnType<typeof fromCallOptions> {
  try {
    return fromCallOptions(options);
  } catch (error) {
    throw toApiError(model, error);
  }
}

function toWarnings(features: readonly string[]): LanguageModelV4GenerateResult["warnings"] {
  return features.map((feature) => ({ type: "unsupported", feature }));
}

/** A whole answer, part by part. */
function toResult(finished: ModelFinished, warnings: readonly string[]): LanguageModelV4GenerateResult {
  const { message, usage, stopReason, model, responseId } = finished;
  return {
    content: message.parts.flatMap(toContent),
    finishReason: toFinishReason(stopReason),
    usage: toUsage(usage),
    response: { modelId: model, ...(responseId === undefined ? {} : { id: responseId }) },
    warnings: toWarnings(warnings),
  };
}

function toContent(part: AssistantPart): readonly LanguageModelV4Content[] {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text, ...metadataOf(part) }, ...toSources(part)];
    case "thinking":
      return [{ type: "reasoning", text: part.text, ...metadataOf(part) }];
    case "tool_call": {
      const { id: toolCallId, name: toolName, arguments: input } = part;
      return [{ type: "tool-call", toolCallId, toolName, input, ...metadataOf(part) }];
    }
    case "provider_item":
      return [];
    default:
      return [toFile(part)];
  }
}
