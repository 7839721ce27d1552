import type { Model, ModelRequest } from "@tau/agent";
import { noUsage, TauError } from "@tau/core";
import type { CallContext, ModelEvent } from "@tau/core";

import type { Pipeline } from "../pipeline.ts";

/** Where and how one call is cut; `after` counts the batches that its reader has got. */
export type CutPoint =
  | { readonly kind: "none" }
  | { readonly kind: "never_pulled" }
  | { readonly kind: "left"; readonly after: number }
  | { readonly kind: "aborted"; readonly after: number }
  | { readonly kind: "aborted_waiting"; readonly after: number }
  | { readonly kind: "model_failed"; readonly after: number; readonly error: TauError };

const words = ["One ", "two ", "three."];

/** The batches that {@link scriptedModel} answers with. */
export const answer: readonly (readonly ModelEvent[])[] = [
  ...words.map((text) => [{ type: "text_delta", text } as const]),
  [
    {
      type: "finished",
      message: { role: "assistant", parts: [{ type: "text", text: words.join("") }] },
      usage: { ...noUsage, inputTokens: 12, outputTokens: 6 },
      stopReason: "stop",
      model: "cut-1",
    },
  ],
];

const permanent = new TauError("model.invalid_request", "The model refuses.");
const retryable = new TauError("model.overloaded", "The model is busy.", { class: "retryable" });
const places = [...answer.keys()];

/** Every way of cutting a call of {@link answer}, at every batch. */
export const cutPoints: readonly CutPoint[] = [
  { kind: "none" },
  { kind: "never_pulled" },
  ...places.flatMap((after): readonly CutPoint[] => [
    { kind: "left", after },
    { kind: "aborted", after },
    { kind: "aborted_waiting", after },
    { kind: "model_failed", after, error: permanent },
    { kind: "model_failed", after, error: retryable },
  ]),
  { kind: "left", after: answer.length },
  { kind: "aborted", after: answer.length },
];

/** Names a cut point in the name of a test. */
export function nameOf(cut: CutPoint): string {
  const place = "after" in cut ? ` after ${cut.after} batches` : "";
  return `${cut.kind}${place}${cut.kind === "model_failed" ? ` (${cut.error.class})` : ""}`;
}

/** A model that answers, fails or waits as a cut point wants, and counts the streams it has open. */
export interface CutModel extends Model {
  readonly open: () => number;
  /** Called when the model waits for an abort. */
  onWaiting: () => void;
}

/** Makes the model of one cut point. */
export function modelFor(cut: CutPoint): CutModel {
  let open = 0;
  const model: CutModel = {
    provider: "cut",
    id: "cut-1",
    price: { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 },
    open: () => open,
    onWaiting: () => undefined,
    async *stream(_request: ModelRequest, { signal }: CallContext) {
      signal.throwIfAborted();
      open++;
      try {
        for (const [index, batch] of answer.entries()) {
          if (cut.kind === "model_failed" && cut.after === index) throw cut.error;
          if (cut.kind === "aborted_waiting" && cut.after === index) {
            model.onWaiting();
            await aborted(signal);
          }
          await Promise.resolve();
          signal.throwIfAborted();
          yield batch;
        }
      } finally {
        open--;
      }
    },
  };
  return model;
}

/** What came of a cut call: the batches read, and what was thrown. */
export interface CutOutcome {
  readonly batches: readonly (readonly ModelEvent[])[];
  readonly thrown: unknown;
}

/** Why the reader of a cut call gives up. */
export const gaveUp: Error = new Error("The reader gave up.");

/** Makes a call and cuts it. */
export async function cutCall(
  pipeline: Pipeline,
  cut: CutPoint,
  call: { readonly request: ModelRequest; readonly context: CallContext; readonly model: CutModel },
): Promise<CutOutcome> {
  const controller = new AbortController();
  const context = { ...call.context, signal: controller.signal };
  if (cut.kind === "aborted" && cut.after === 0) controller.abort(gaveUp);
  const stream = pipeline.start(call.request, context).stream[Symbol.asyncIterator]();
  const batches: (readonly ModelEvent[])[] = [];
  if (cut.kind === "never_pulled") return { batches, thrown: undefined };
  if (cut.kind === "aborted_waiting") call.model.onWaiting = () => controller.abort(gaveUp);
  try {
    for (;;) {
      if (cut.kind === "left" && cut.after === batches.length) break;
      if (cut.kind === "aborted" && cut.after === batches.length) controller.abort(gaveUp);
      const step = await stream.next();
      if (step.done === true) break;
      batches.push(step.value);
    }
    await stream.return?.();
    return { batches, thrown: undefined };
  } catch (error) {
    return { batches, thrown: error };
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
