import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { CallContext, JsonObject } from "@tau/core";

import type { Model, ModelRequest } from "../model.ts";
import { cassetteError } from "./cassette-error.ts";
import type { ModelEntry } from "./entry.ts";
import { readCassette } from "./read-cassette.ts";
import { createRedactor } from "../redaction/redactor.ts";
import type { ReplayOptions } from "./replay-transport.ts";
import { replayEnd } from "./replayed-response.ts";
import { modelQuestion } from "./request-key.ts";
import { Tape } from "./tape.ts";

/** Options of {@link replayModel}. */
export interface ReplayModelOptions extends ReplayOptions {
  /** Which model, on a cassette of several. Default: the first one. */
  readonly model?: { readonly provider: string; readonly id: string };
}

/**
 * Makes a model that says what `recordModel()` wrote down, batch by batch. Equal requests get their answers
 * in the order of recording; calls that failed, were left or aborted end as they did then.
 *
 * @throws TauError `cassette.invalid`; its stream throws `cassette.no_match`, `cassette.exhausted`,
 *   `cassette.incomplete` and what was recorded
 */
export async function replayModel({ path, secrets = [], model }: ReplayModelOptions): Promise<Model> {
  const lines = await readCassette(path);
  const entries = lines.flatMap(({ line, entry }) => (entry.kind === "model" ? [{ line, entry }] : []));
  const identity = model ?? entries[0]?.entry.model;
  if (identity === undefined) {
    throw cassetteError(
      "cassette.invalid",
      "The cassette holds no call of a model. Record it with recordModel().",
    );
  }
  const redactor = createRedactor(secrets);
  const tape = new Tape(
    entries.map(({ line, entry }) => ({
      line,
      question: modelQuestion(entry.model, entry.request),
      answer: entry,
    })),
  );

  return {
    ...identity,
    async *stream(request: ModelRequest, { signal }: CallContext) {
      signal.throwIfAborted();
      const asked = asJson(redactor.redact(JSON.stringify(request)));
      const { batches, end } = tape.take(modelQuestion(identity, asked));
      for (const batch of batches) {
        yield batch;
        signal.throwIfAborted();
      }
      await endAs(end, signal);
    },
  };
}

async function endAs(end: ModelEntry["end"], signal: AbortSignal): Promise<void> {
  if (typeof end === "string") {
    await replayEnd(end, 0, signal);
    return;
  }
  const { code, message, class: errorClass, retryAfterMs, details } = end.failed;
  throw new TauError(code, message, {
    class: errorClass,
    details,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function asJson(text: string): JsonObject {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new TypeError("A request is not a JSON object.");
  return parsed.value;
}
