import type { ModelFinished } from "@tau/core";

import type { CallRecord } from "./call-record.ts";
import type { ModelStream } from "./layer.ts";
import { costOfCall } from "./pipeline-response.ts";
import { watchStream } from "./watch-stream.ts";

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
  return watchStream({
    open: () => stream,
    change(batch) {
      const last = batch.at(-1);
      if (last?.type !== "finished") return batch;
      const told = batch.slice();
      told[told.length - 1] = withAnswerer(last, record);
      return told;
    },
  });
}

function withAnswerer(finished: ModelFinished, record: CallRecord): ModelFinished {
  const { answeredBy } = record;
  const costMicroUsd = costOfCall(finished, record);
  const told: { -readonly [Key in keyof ModelFinished]: ModelFinished[Key] } = { ...finished };
  if (answeredBy !== undefined) told.provider = answeredBy.provider;
  if (costMicroUsd !== undefined) told.costMicroUsd = costMicroUsd;
  return told;
}
