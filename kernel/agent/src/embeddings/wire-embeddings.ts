import { addUsage, noUsage } from "@tau/core";
import type { CallContext, Price } from "@tau/core";

import type { ApiKey } from "../api-key.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { WholeEndpoint } from "../whole-exchange.ts";
import type { ModelLimits } from "../wire-protocol.ts";
import type { EmbeddingAnswer, EmbeddingModel, EmbeddingRequest } from "./embedding-model.ts";
import type { EmbeddingProtocol, WireEmbeddings } from "./embedding-protocol.ts";

/** Requests of one call that are under way at a time. */
const concurrency = 4;

/** Options that every embedding adapter has. */
export interface WireEmbeddingOptions {
  /** A function is asked at every request. Never appears in an error. */
  readonly apiKey?: ApiKey;
  readonly model: string;
  readonly price?: Price;
  /** Texts that one request may hold, where the server takes fewer or more than the provider's own. */
  readonly maxInputs?: number;
  /** Sent with every request; they win over the adapter's own. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeouts?: ModelLimits;
  /** Default: one for the whole process, so that adapters share their connections. */
  readonly transport?: HttpTransport;
}

/**
 * Makes an {@link EmbeddingModel} out of a protocol, which the first call loads: cuts the inputs into requests,
 * sends a few at a time and puts the vectors together again.
 */
export function createWireEmbeddings(
  identity: ModelIdentity,
  options: WireEmbeddingOptions & { readonly url: URL },
  load: () => Promise<EmbeddingProtocol>,
): EmbeddingModel {
  return {
    provider: identity.provider,
    id: identity.model,
    ...(options.price === undefined ? {} : { price: options.price }),

    async embed(request, { signal }: CallContext) {
      signal.throwIfAborted();
      if (request.inputs.length === 0) return { embeddings: [], usage: noUsage, model: identity.model };
      const protocol = await load();
      const endpoint: WholeEndpoint = {
        identity,
        url: options.url,
        apiKey: options.apiKey,
        headersFor: protocol.headersFor,
        headers: options.headers,
        limits: options.timeouts ?? {},
        transport: options.transport,
      };
      const requests = cut(request, options.maxInputs ?? protocol.maxInputs);
      return joined(identity, request, await askAll({ endpoint, protocol, requests }, signal));
    },
  };
}

function cut(request: EmbeddingRequest, maxInputs: number): readonly EmbeddingRequest[] {
  const requests: EmbeddingRequest[] = [];
  for (let from = 0; from < request.inputs.length; from += maxInputs) {
    requests.push({ ...request, inputs: request.inputs.slice(from, from + maxInputs) });
  }
  return requests;
}

interface Batch {
  readonly endpoint: WholeEndpoint;
  readonly protocol: EmbeddingProtocol;
  readonly requests: readonly EmbeddingRequest[];
}

/** The first failure ends the others: nobody waits for vectors that will not be used. */
async function askAll(batch: Batch, signal: AbortSignal): Promise<readonly WireEmbeddings[]> {
  if (batch.requests.length === 1) return [await ask(batch, 0, signal)];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const answers: WireEmbeddings[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < batch.requests.length; index = next++) {
      answers[index] = await ask(batch, index, either);
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, batch.requests.length) }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(workers);
  either.throwIfAborted();
  return answers;
}

async function ask(
  { endpoint, protocol, requests }: Batch,
  index: number,
  signal: AbortSignal,
): Promise<WireEmbeddings> {
  const { exchangeJson } = await import("../whole-exchange.ts");
  const request = requests[index] ?? { inputs: [] };
  const body = await exchangeJson(endpoint, protocol.toBody(request), signal);
  const answer = protocol.fromBody(body);
  if (answer === undefined) {
    throw unusable(endpoint.identity, "answered with something that holds no embeddings. Check the base URL");
  }
  const [wanted, got] = [request.inputs.length, answer.embeddings.length];
  if (wanted !== got) {
    throw unusable(endpoint.identity, `answered with ${got} embeddings to ${wanted} inputs. None is used`);
  }
  return answer;
}

function joined(
  identity: ModelIdentity,
  { dimensions }: EmbeddingRequest,
  answers: readonly WireEmbeddings[],
): EmbeddingAnswer {
  const embeddings = answers.flatMap((answer) => answer.embeddings);
  const length = dimensions ?? embeddings[0]?.length;
  const other = embeddings.find((embedding) => embedding.length !== length);
  if (other !== undefined) {
    throw unusable(
      identity,
      `answered with a vector of ${other.length} numbers where ${length} were expected. Ask for dimensions that the model has`,
    );
  }
  return {
    embeddings,
    usage: answers.reduce((sum, answer) => addUsage(sum, answer.usage), noUsage),
    model: answers[0]?.model ?? identity.model,
  };
}

function unusable(identity: ModelIdentity, sentence: string): Error {
  return modelError("model.parse", identity, { class: "permanent", sentence });
}
