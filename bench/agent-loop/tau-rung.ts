import { createOpenAiChat } from "@tau/agent";
import type { Model } from "@tau/agent";
import { userText, uuidv7 } from "@tau/core";
import { createToolRegistry, defineTool } from "@tau/tools";

import { openBenchRuntime } from "../lib/bench-runtime.ts";
import type { BenchStore } from "../lib/bench-runtime.ts";
import { addSchema, prompt } from "./rung.ts";
import type { Rung } from "./rung.ts";

/** The model of the benchmark, and its connections. */
export function createBenchModel(baseUrl: string): Model {
  return createOpenAiChat({ baseUrl: `${baseUrl}/v1`, apiKey: "none", model: "mock" });
}

/** The whole of Tau: validation, permissions, events, effect ledger, a listener on every run. */
export async function openTau(store: BenchStore, model: Model): Promise<Rung> {
  const add = defineTool<{ readonly a: number; readonly b: number }>({
    name: "add",
    description: "Adds two numbers.",
    input: addSchema,
    sideEffect: "pure",
    execute: ({ a, b }) => String(a + b),
  });
  const tau = await openBenchRuntime(store, model, createToolRegistry({ tools: [add] }));
  const { runtime, context } = tau;

  return {
    async run() {
      const { sessionId } = await runtime.createSession({ externalId: uuidv7() }, context);
      const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt: userText(prompt) }, context);
      let text = "";
      for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
        for (const one of batch) {
          if (one.kind !== "event" || one.event.type !== "model_finished") continue;
          for (const part of one.event.message.parts) if (part.type === "text") text = part.text;
        }
      }
      return text;
    },
    [Symbol.asyncDispose]: () => tau[Symbol.asyncDispose](),
  };
}
