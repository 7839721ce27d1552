import { performance } from "node:perf_hooks";

import { completeAnswer } from "@tau/agent";
import type { Model, ModelRequest } from "@tau/agent";
import type { CallContext } from "@tau/core";

import { askModel } from "./ask-model.ts";
import { createCallRecord } from "./call-record.ts";
import type { CallRecord } from "./call-record.ts";
import { timeCall } from "./call-deadline.ts";
import { checkOrder } from "./check-order.ts";
import type { Handler, Layer, ModelStream } from "./layer.ts";
import type { LayerName } from "./layer-order.ts";
import type { PipelineCall } from "./pipeline-call.ts";
import { servicesOf } from "./services-of.ts";
import { toldStream } from "./told-stream.ts";
import { toResponse } from "./pipeline-response.ts";
import type { PipelineResponse } from "./pipeline-response.ts";

/** A model with layers around it; a {@link Model} itself. */
export interface Pipeline extends Model {
  /** From the outside in. */
  readonly layers: readonly LayerName[];

  /** Asks and streams, and gives the record of the call, which fills while the stream is read. */
  start(request: ModelRequest, context: CallContext): StartedCall;

  /**
   * Asks and waits for the whole answer.
   *
   * @throws TauError what the layers and the model throw; and the reason of `context.signal`
   */
  complete(request: ModelRequest, context: CallContext): Promise<PipelineResponse>;
}

/** A call whose stream can be read once. */
export interface StartedCall {
  readonly record: CallRecord;
  readonly stream: ModelStream;
}

/** Collects layers, from the outside in. */
export interface PipelineBuilder {
  layer(layer: Layer): PipelineBuilder;
  /** @throws TauError `pipeline.wrong_order` */
  build(): Pipeline;
}

/** Makes pipelines: `Pipeline.builder(model).layer(…).layer(…).build()`. */
export const Pipeline: { readonly builder: (model: Model) => PipelineBuilder } = {
  builder: (model) => builderOf(model, []),
};

function builderOf(model: Model, layers: readonly Layer[]): PipelineBuilder {
  return {
    layer: (layer) => builderOf(model, [...layers, layer]),
    build: () => withLayers(model, ...layers),
  };
}

/**
 * Puts layers around a model; the first is the outermost.
 *
 * @throws TauError `pipeline.wrong_order`
 */
export function withLayers(model: Model, ...layers: readonly Layer[]): Pipeline {
  checkOrder(layers);
  const handle = compose(layers);
  const routing = layers.find((layer) => layer.candidates !== undefined);
  /** The same list for every call lets others remember what they made of it. */
  const alone = [model];

  function start(request: ModelRequest, context: CallContext): StartedCall {
    const { deadline } = context;
    if (deadline === undefined) return startTimed(request, context);
    const call = timeCall(context, deadline);
    const { record, stream } = startTimed(request, call.context);
    return { record, stream: call.timed(stream) };
  }

  function startTimed(request: ModelRequest, context: CallContext): StartedCall {
    const record = createCallRecord(servicesOf(request));
    const call: PipelineCall = { request, context, model, candidates: alone, record };
    const candidates = routing?.candidates?.(call);
    const first = candidates?.[0];
    const planned = candidates === undefined ? call : { ...call, model: first ?? model, candidates };
    return { record, stream: handle(planned) };
  }

  return {
    ...model,
    layers: layers.map(({ name }) => name),
    start,
    stream: (request, context) => toldStream(start(request, context)),

    async complete(request, context) {
      const { record, stream } = start(request, context);
      const { provider, id } = model;
      const finished = await completeAnswer({ provider, id, stream: () => stream }, request, context);
      return toResponse(finished, record);
    },
  };
}

/** Each handler notes when the call reached it: what a layer did before is the time to the next one. */
function compose(layers: readonly Layer[]): Handler {
  return layers.reduceRight<Handler>((next, layer) => {
    const handle = layer.wrap(next);
    return (call) => {
      const { record } = call;
      record.layers.push({ name: layer.name, enteredMs: performance.now() - record.startedMs });
      return handle(call);
    };
  }, askModel);
}
