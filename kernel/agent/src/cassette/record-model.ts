import { isJsonObject, isTauError, parseJson, toErrorInfo } from "@tau/core";
import type { CallContext, JsonObject, ModelEvent } from "@tau/core";

import type { Model, ModelRequest } from "../model.ts";
import { CassetteWriter } from "./cassette-writer.ts";
import type { RecordOptions } from "./cassette-writer.ts";
import type { ModelEntry, RecordedError } from "./entry.ts";
import { createRedactor } from "../redaction/redactor.ts";
import type { Redactor } from "../redaction/redactor.ts";

/** A model that writes down what it says. Dispose of it to be sure that everything is written. */
export type RecordingModel = Model & AsyncDisposable;

/**
 * Wraps any model, also one without HTTP such as a command, a bridge or a pipeline, so that its requests and
 * events are written down. For adapters with a `transport`, `recordTransport()` keeps more: the bytes.
 *
 * @throws TauError `cassette.exists`, `cassette.write_failed`, `cassette.invalid`
 */
export async function recordModel(model: Model, options: RecordOptions): Promise<RecordingModel> {
  const writer = await CassetteWriter.open(options);
  const redactor = createRedactor(options.secrets ?? []);
  const open = new Set<() => void>();

  async function* stream(request: ModelRequest, context: CallContext): AsyncGenerator<readonly ModelEvent[]> {
    writer.check();
    const batches: (readonly ModelEvent[])[] = [];
    let end: ModelEntry["end"] | undefined;
    const asked = toJson(request, redactor);
    const entry = Promise.withResolvers<ModelEntry>();
    writer.add(entry.promise);
    const write = (): void => {
      open.delete(write);
      const { provider, id } = model;
      const said = { batches: redactBatches(batches, redactor, end !== "complete"), end: end ?? "left" };
      entry.resolve({ kind: "model", model: { provider, id }, request: asked, ...said });
    };
    open.add(write);
    try {
      for await (const batch of model.stream(request, context)) {
        batches.push(batch);
        if (batch.at(-1)?.type === "finished") end = "complete";
        yield batch;
      }
      end = "complete";
    } catch (error) {
      end = context.signal.aborted ? "aborted" : { failed: toRecordedError(error, redactor) };
      throw error;
    } finally {
      if (open.has(write)) write();
    }
  }

  return {
    ...model,
    stream,
    async [Symbol.asyncDispose]() {
      for (const write of open) write();
      await writer[Symbol.asyncDispose]();
    },
  };
}

function toJson(request: ModelRequest, redactor: Redactor): JsonObject {
  const parsed = parseJson(redactor.redact(JSON.stringify(request)));
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new TypeError("A request is not a JSON object.");
  return parsed.value;
}

/** A secret may be said in pieces, so all batches are looked at together, each on a line of its own. */
function redactBatches(
  batches: readonly (readonly ModelEvent[])[],
  redactor: Redactor,
  cut: boolean,
): readonly (readonly ModelEvent[])[] {
  const text = batches.map((batch) => JSON.stringify(batch)).join("\n");
  const clean = redactor.redact(text, cut);
  return clean === text ? batches : clean.split("\n").map(toBatch);
}

/** The same events with other words in their strings: nothing to check again. */
function toBatch(line: string): readonly ModelEvent[] {
  const batch: readonly ModelEvent[] = JSON.parse(line);
  return batch;
}

function toRecordedError(error: unknown, redactor: Redactor): RecordedError {
  const info = { ...toErrorInfo(error), details: isTauError(error) ? error.details : {} };
  const clean: RecordedError = JSON.parse(redactor.redact(JSON.stringify(info)));
  return clean;
}
