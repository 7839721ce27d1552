import { setImmediate as nextTick } from "node:timers/promises";

import type { Model } from "@tau/agent";
import { noUsage } from "@tau/core";
import type { ModelEvent, TextDelta } from "@tau/core";

/** Options of {@link createFakeModel}. */
export interface FakeModelOptions {
  /** How many tokens an answer has. */
  readonly tokens: number;
  /** What each token says. */
  readonly token: string;
  /** Tokens that come at once, as those of one socket read do. */
  readonly batch: number;
  /** Hears that the model was asked. */
  readonly onAsked?: () => void;
}

/** A model in this process that costs nothing, so that what is measured is around it. */
export function createFakeModel({ tokens, token, batch, onAsked }: FakeModelOptions): Model {
  const delta: TextDelta = { type: "text_delta", text: token };
  const text = token.repeat(tokens);
  const end: ModelEvent = {
    type: "finished",
    message: { role: "assistant", parts: [{ type: "text", text }] },
    usage: noUsage,
    stopReason: "stop",
    model: "fake",
  };
  return {
    provider: "fake",
    id: "fake",
    async *stream(_request, { signal }) {
      onAsked?.();
      for (let sent = 0; sent < tokens; sent += batch) {
        await nextTick();
        signal.throwIfAborted();
        yield Array.from({ length: Math.min(batch, tokens - sent) }, () => delta);
      }
      yield [end];
    },
  };
}
