import type { EmbeddingModelV3, EmbeddingModelV4 } from "@ai-sdk/provider";
import type { EmbeddingAnswer, EmbeddingModel, EmbeddingRequest } from "@tau/agent";
import type { ModelIdentity } from "@tau/agent/adapter";
import { modelError } from "@tau/agent/adapter";
import { isJsonObject, noUsage } from "@tau/core";
import type { JsonObject, Price } from "@tau/core";

import { guarded } from "./guarded.ts";

/** Options of {@link fromAiSdkEmbeddings}. */
export interface FromAiSdkEmbeddingsOptions {
  /** The name in errors and costs. Default: what the model says. */
  readonly provider?: string;
  readonly price?: Price;
  /** Inputs of one request, fewer than the model's own limit. */
  readonly maxInputs?: number;
  /**
   * The provider's own options of a request, for its length of vectors or their purpose: the AI SDK has no words
   * that all providers know.
   */
  readonly providerOptions?: (request: EmbeddingRequest) => Readonly<Record<string, JsonObject>>;
}

/**
 * Makes an {@link EmbeddingModel} out of one of the AI SDK, specification `v4` or `v3`. Sends as many requests as the
 * model's limit demands, four at once where it says that it can; the first failure ends the others.
 *
 * A request with `dimensions` needs `providerOptions` that ask for them; vectors of another length are an error.
 */
export function fromAiSdkEmbeddings(
  model: EmbeddingModelV4 | EmbeddingModelV3,
  options: FromAiSdkEmbeddingsOptions = {},
): EmbeddingModel {
  const { provider = model.provider, price, providerOptions, maxInputs = Number.POSITIVE_INFINITY } = options;
  const identity: ModelIdentity = { provider, model: model.modelId };

  async function embedSome(request: EmbeddingRequest, signal: AbortSignal): Promise<Vectors> {
    const { inputs } = request;
    const own = providerOptions?.(request);
    const call = {
      values: [...inputs],
      abortSignal: signal,
      ...(own === undefined ? {} : { providerOptions: toOptions(own) }),
    };
    const { embeddings, usage } = await guarded(identity, signal, Promise.resolve(model.doEmbed(call)));
    if (embeddings.length === inputs.length) return { embeddings, tokens: usage?.tokens ?? 0 };
    throw unusable(
      identity,
      `answered with ${embeddings.length} embeddings to ${inputs.length} inputs. None is used`,
    );
  }

  return {
    provider,
    id: model.modelId,
    ...(price === undefined ? {} : { price }),
    async embed(request, { signal }): Promise<EmbeddingAnswer> {
      signal.throwIfAborted();
      const most = Math.min((await model.maxEmbeddingsPerCall) ?? Number.POSITIVE_INFINITY, maxInputs);
      const atOnce = (await model.supportsParallelCalls) ? 4 : 1;
      const answers = await askAll(cut(request, most), { atOnce, signal }, embedSome);
      const embeddings = answers.flatMap((answer) =>
        answer.embeddings.map((vector) => Float32Array.from(vector)),
      );
      assertLength(embeddings, request, identity);
      const inputTokens = answers.reduce((sum, { tokens }) => sum + tokens, 0);
      return { embeddings, usage: { ...noUsage, inputTokens }, model: model.modelId };
    },
  };
}

interface Vectors {
  readonly embeddings: readonly (readonly number[])[];
  readonly tokens: number;
}

function cut(request: EmbeddingRequest, most: number): readonly EmbeddingRequest[] {
  const { inputs } = request;
  const count = Math.ceil(inputs.length / Math.min(most, inputs.length || 1));
  return Array.from({ length: count }, (_, index) => ({
    ...request,
    inputs: inputs.slice(index * most, (index + 1) * most),
  }));
}

/** Asks some at once. The first failure ends the others: nobody waits for vectors that will not be used. */
async function askAll(
  requests: readonly EmbeddingRequest[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  ask: (request: EmbeddingRequest, signal: AbortSignal) => Promise<Vectors>,
): Promise<readonly Vectors[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const answers: Vectors[] = [];
  const waiting = [...requests.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, request] = next;
      answers[index] = await ask(request, either);
    }
  };
  const workers = Array.from({ length: atOnce }, () => work().catch((error: unknown) => failed.abort(error)));
  await Promise.all(workers);
  either.throwIfAborted();
  return answers;
}

function assertLength(
  embeddings: readonly Float32Array[],
  { dimensions }: EmbeddingRequest,
  identity: ModelIdentity,
): void {
  const length = dimensions ?? embeddings[0]?.length;
  const other = embeddings.find((vector) => vector.length !== length);
  if (other === undefined) return;
  throw unusable(
    identity,
    `answered with a vector of ${other.length} numbers where ${length} were expected. Ask for dimensions that the model has, by providerOptions`,
  );
}

function unusable(identity: ModelIdentity, sentence: string): Error {
  return modelError("model.parse", identity, { class: "permanent", sentence });
}

type Options = NonNullable<Parameters<EmbeddingModelV3["doEmbed"]>[0]["providerOptions"]>;

function toOptions(own: Readonly<Record<string, JsonObject>>): Options {
  const copy: Options = JSON.parse(JSON.stringify(own));
  return isJsonObject(copy) ? copy : {};
}
