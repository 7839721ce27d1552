import type { ModelEvent, ModelFinished } from "@tau/core";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";
import type { CompiledPatterns, OwnPattern, SecretPattern } from "@tau/core/secrets";

import { replayAnswer } from "../cache/replay-answer.ts";
import type { Handler, Layer, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { EventRedactor } from "../redaction/event-redactor.ts";
import { watchStream } from "../watch-stream.ts";
import type { OutputValidator } from "./output-validator.ts";
import { runValidators } from "./run-validators.ts";

/** What is cut out of answers. */
export interface RedactionOptions {
  /** Default: {@link secretPatterns}. */
  readonly secrets?: readonly SecretPattern[];
  readonly own?: readonly OwnPattern[];
  /** Whether to look into the arguments of tool calls, too: then the tools get them redacted. Default false. */
  readonly toolCalls?: boolean;
}

/** Options of {@link validationLayer}. */
export interface ValidationOptions {
  /** In the order in which they are asked. */
  readonly validators?: readonly OutputValidator[];
  /** Cuts secrets out of answers before the validators see them. Default: nothing is cut out. */
  readonly redaction?: RedactionOptions | boolean;
}

/**
 * Judges answers, also those out of the cache, before anybody gets them.
 *
 * Redaction keeps a stream a stream: only what may be the beginning of a secret is held back. Validators need the
 * whole answer: with any, the stream is held until they have spoken and then replayed in its batches.
 *
 * @throws TauError (from the stream) `validation.rejected`, permanent: no layer asks again
 */
export function validationLayer({ validators = [], redaction = false }: ValidationOptions): Layer {
  const redact = redactorFor(redaction);

  return {
    name: "validation",
    wrap: (next) => {
      const redacted: Handler = redact === undefined ? next : (call) => redactStream(next, call, redact);
      return validators.length === 0 ? redacted : (call) => holdStream(redacted(call), call, validators);
    },
  };
}

type MakeRedactor = () => EventRedactor;

function redactorFor(redaction: RedactionOptions | boolean): MakeRedactor | undefined {
  if (redaction === false) return undefined;
  const { secrets = secretPatterns, own = [], toolCalls = false } = redaction === true ? {} : redaction;
  const patterns: CompiledPatterns = compilePatterns(secrets, own);
  return () => new EventRedactor(patterns, toolCalls);
}

function redactStream(next: Handler, call: PipelineCall, makeRedactor: MakeRedactor): ModelStream {
  const redactor = makeRedactor();
  return watchStream({
    open: () => next(call),
    change(batch) {
      const redacted = redactor.redact(batch);
      call.record.redactions = redactor.findings;
      return redacted;
    },
  });
}

async function* holdStream(
  source: ModelStream,
  { request, context, record, arrived }: PipelineCall,
  validators: readonly OutputValidator[],
): AsyncGenerator<readonly ModelEvent[]> {
  const held: (readonly ModelEvent[])[] = [];
  let answer: ModelFinished | undefined;
  for await (const batch of source) {
    await arrived?.(batch);
    held.push(batch);
    const last = batch.at(-1);
    if (last?.type === "finished") answer = last;
  }
  if (answer === undefined) return;
  const left = await runValidators(validators, { request, answer, record });
  for (const batch of left === answer ? held : [replayAnswer(left)]) {
    context.signal.throwIfAborted();
    yield batch;
  }
}
