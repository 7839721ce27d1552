import type { ModelEvent, ModelFinished } from "@tau/core";

import type { CallRecord } from "./call-record.ts";
import type { ModelStream } from "./layer.ts";
import { costOfCall } from "./pipeline-response.ts";

type Batch = readonly ModelEvent[];

/**
 * The stream of a call whose last event also says who answered and what it cost: whoever reads a pipeline as a plain
 * model has no record to look that up in.
 */
export function toldStream({
  stream,
  record,
}: {
  readonly stream: ModelStream;
  readonly record: CallRecord;
}): ModelStream {
  const source = stream[Symbol.asyncIterator]();
  const tell = (step: IteratorResult<Batch, unknown>): IteratorResult<Batch, unknown> => {
    const last = step.done === true ? undefined : step.value.at(-1);
    if (step.done === true || last?.type !== "finished") return step;
    return { done: false, value: [...step.value.slice(0, -1), withAnswerer(last, record)] };
  };
  const iterator: AsyncIterableIterator<Batch, unknown> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => source.next().then(tell),
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}

function withAnswerer(finished: ModelFinished, record: CallRecord): ModelFinished {
  const { answeredBy } = record;
  const costMicroUsd = costOfCall(finished, record);
  return {
    ...finished,
    ...(answeredBy === undefined ? {} : { provider: answeredBy.provider }),
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
  };
}
