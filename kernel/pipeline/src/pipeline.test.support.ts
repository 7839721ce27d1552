import type { Model, ModelRequest } from "@tau/agent";
import { createCallContext, noUsage, userText } from "@tau/core";
import type { CallContext, ModelEvent, ModelFinished } from "@tau/core";

/** A question that every test may ask. */
export const question: ModelRequest = { messages: [userText("Say hello.")], tools: [] };

/** The last event of an answer of this text. */
export function finishedWith(text: string): ModelFinished {
  return {
    type: "finished",
    message: { role: "assistant", parts: [{ type: "text", text }] },
    usage: { ...noUsage, inputTokens: 10, outputTokens: 5 },
    stopReason: "stop",
    model: "test-1",
  };
}

/** What a model does in one call: batches, and what it throws, in that order. */
export type Script = readonly (readonly ModelEvent[] | Error)[];

/** Two batches that say "Hello, world." */
export const hello: Script = [
  [{ type: "text_delta", text: "Hello, " }],
  [{ type: "text_delta", text: "world." }, finishedWith("Hello, world.")],
];

/** A model in memory that plays one script a call, the last one again and again, and counts. */
export interface PlayedModel {
  readonly model: Model;
  readonly calls: () => number;
  /** Streams that were begun and are neither ended nor left. */
  readonly open: () => number;
}

/** Makes a model that plays scripts in memory and keeps the contract of `Model`. */
export function playing(scripts: readonly Script[], identity: Partial<Model> = {}): PlayedModel {
  let calls = 0;
  let open = 0;
  const model: Model = {
    provider: "test",
    id: "test-1",
    ...identity,
    async *stream(_request, { signal }) {
      const script = scripts[Math.min(calls++, scripts.length - 1)] ?? [];
      open++;
      try {
        for (const step of script) {
          await Promise.resolve();
          signal.throwIfAborted();
          if (step instanceof Error) throw step;
          yield step;
        }
      } finally {
        open--;
      }
    },
  };
  return { model, calls: () => calls, open: () => open };
}

/** A context that anybody may call with. */
export function contextOf(fields: Partial<CallContext> = {}): CallContext {
  return createCallContext({
    tenant: "acme",
    principal: { id: "ada", kind: "person", scopes: [] },
    ...fields,
  });
}

/** Reads a stream to its end. */
export async function readAll(
  stream: AsyncIterable<readonly ModelEvent[]>,
): Promise<readonly (readonly ModelEvent[])[]> {
  const batches: (readonly ModelEvent[])[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}
