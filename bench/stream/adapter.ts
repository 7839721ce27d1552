import { createHttpTransport, createOpenAiChat } from "@tau/agent";
import { textOf, userText } from "@tau/core";
import type { ModelEvent } from "@tau/core";

import { benchContext } from "../lib/bench-runtime.ts";
import type { Listener, Rung } from "./rung.ts";

/** Tau's model adapter alone. */
export async function openRung(baseUrl: string): Promise<Rung> {
  const transport = createHttpTransport();
  const request = { messages: [userText("Go.")], tools: [] };

  return {
    async prepare(pace) {
      const model = createOpenAiChat({
        baseUrl: `${baseUrl}/${pace}/v1`,
        apiKey: "none",
        model: "mock",
        transport,
      });
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
