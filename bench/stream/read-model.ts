import { createHttpTransport } from "@tau/agent";
import type { HttpTransport, Model } from "@tau/agent";
import { textOf, userText } from "@tau/core";
import type { ModelEvent } from "@tau/core";

import { benchContext } from "../lib/bench-runtime.ts";
import type { Listener, Pace, Rung } from "./rung.ts";

/** A rung that is a model adapter alone. */
export function modelRung(create: (pace: Pace, transport: HttpTransport) => Model): Rung {
  const transport = createHttpTransport();
  const request = { messages: [userText("Go.")], tools: [] };
  const models = new Map<Pace, Model>();
  // One for all calls, as programs have it.
  const modelOf = (pace: Pace): Model => {
    const model = models.get(pace) ?? create(pace, transport);
    models.set(pace, model);
    return model;
  };

  return {
    async prepare(pace) {
      const model = modelOf(pace);
      return async ({ onTokens, signal = benchContext.signal }: Listener) => {
        let length = 0;
        for await (const batch of model.stream(request, { ...benchContext, signal })) {
          const tokens = batch.filter(isToken).length;
          if (tokens > 0) onTokens(tokens);
          const last = batch.at(-1);
          if (last?.type === "finished") length = textOf(last.message).length;
        }
        return length;
      };
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function isToken(event: ModelEvent): boolean {
  return event.type === "text_delta";
}
