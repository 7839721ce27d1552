import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { Model, ModelCapabilities, ModelRequest } from "@tau/agent";
import type { ModelIdentity } from "@tau/agent/adapter";
import { modelError } from "@tau/agent/adapter";
import type { CallContext, Price } from "@tau/core";

import { AnswerBuilder } from "./answer-builder.ts";
import { aiSdkError } from "./ai-sdk-error.ts";
import { toCallOptions } from "./to-call-options.ts";

/** Options of {@link fromAiSdk}. */
export interface FromAiSdkOptions {
  /** The name in errors and costs. Default: what the model says, for example `mistral.chat`. */
  readonly provider?: string;
  readonly price?: Price;
  /** Tokens the model can read. */
  readonly contextWindow?: number;
  readonly capabilities?: ModelCapabilities;
}

/**
 * Makes a {@link Model} out of a language model of the AI SDK, specification `v4`.
 *
 * What its provider wants back with a part (signatures, ids) is kept and sent back. Each part of its stream is a
 * batch of its own. It costs what the AI SDK costs; a native adapter, where there is one, is much cheaper.
 *
 * @throws TypeError for a model of another specification
 */
export function fromAiSdk(model: LanguageModelV4, options: FromAiSdkOptions = {}): Model {
  const version: string = model.specificationVersion;
  if (version !== "v4") {
    throw new TypeError(
      `The model "${model.modelId}" follows specification ${version} of the AI SDK; this takes v4. Use a provider package for ai 7.`,
    );
  }
  const { provider = model.provider, ...known } = options;
  const identity: ModelIdentity = { provider, model: model.modelId };
  return {
    provider,
    id: model.modelId,
    ...known,
    async *stream(request, context) {
      context.signal.throwIfAborted();
      const reader = (await begin(model, identity, { request, context })).getReader();
      const builder = new AnswerBuilder(identity);
      let isWhole = false;
      try {
        for (;;) {
          const step = await guarded(identity, context.signal, reader.read());
          if (step.done) throw modelError("model.truncated", identity);
          const events = await guarded(identity, context.signal, (async () => builder.add(step.value))());
          isWhole = events.at(-1)?.type === "finished";
          if (events.length > 0) yield events;
          if (isWhole) return;
        }
      } finally {
        // The AI SDK closes its socket when its stream is cancelled.
        if (!isWhole) await reader.cancel().catch(() => undefined);
      }
    },
  };
}

async function begin(
  model: LanguageModelV4,
  identity: ModelIdentity,
  { request, context }: { readonly request: ModelRequest; readonly context: CallContext },
): Promise<ReadableStream<LanguageModelV4StreamPart>> {
  const options = toCallOptions(request, context.signal, identity);
  const { stream } = await guarded(identity, context.signal, Promise.resolve(model.doStream(options)));
  return stream;
}

/** Waits, but no longer than until `signal` aborts, and maps what is thrown. */
async function guarded<Value>(
  identity: ModelIdentity,
  signal: AbortSignal,
  promise: Promise<Value>,
): Promise<Value> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([promise, given]);
  } catch (error) {
    signal.throwIfAborted();
    throw aiSdkError(identity, error);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
