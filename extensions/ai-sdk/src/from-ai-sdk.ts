import type { Model, ModelCapabilities, ModelRequest } from "@tau/agent";
import type { ModelIdentity } from "@tau/agent/adapter";
import { modelError } from "@tau/agent/adapter";
import type { CallContext, Price } from "@tau/core";

import { AnswerBuilder } from "./answer-builder.ts";
import { guarded } from "./guarded.ts";
import { openStream } from "./open-stream.ts";
import type { AiSdkLanguageModel, PartReader } from "./open-stream.ts";
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

const versions: readonly string[] = ["v4", "v3", "v2"];

/**
 * Makes a {@link Model} out of a language model of the AI SDK: specification `v4`, or the older `v3` and `v2`.
 *
 * What its provider wants back with a part (signatures, ids) is kept and sent back. Each part of its stream is a
 * batch of its own. It costs what the AI SDK costs; a native adapter, where there is one, is much cheaper.
 *
 * @throws TypeError for a model of another specification
 */
export function fromAiSdk(model: AiSdkLanguageModel, options: FromAiSdkOptions = {}): Model {
  const version: string = model.specificationVersion;
  if (!versions.includes(version)) {
    throw new TypeError(
      `The model "${model.modelId}" follows specification ${version} of the AI SDK; this takes ${versions.join(", ")}.`,
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
      const reader = await begin(model, identity, { request, context });
      const builder = new AnswerBuilder(identity);
      let isWhole = false;
      try {
        for (;;) {
          const part = await guarded(identity, context.signal, reader.read());
          if (part === undefined) throw modelError("model.truncated", identity);
          const events = await guarded(identity, context.signal, (async () => builder.add(part))());
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
  model: AiSdkLanguageModel,
  identity: ModelIdentity,
  { request, context }: { readonly request: ModelRequest; readonly context: CallContext },
): Promise<PartReader> {
  const options = toCallOptions(request, context.signal, identity);
  return await guarded(identity, context.signal, openStream(model, options));
}
