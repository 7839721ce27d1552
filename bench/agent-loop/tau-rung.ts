import { createOpenAiChat } from "@tau/agent";
import { userText, uuidv7 } from "@tau/core";
import type { CallContext } from "@tau/core";
import { createEmbeddedEngine, createRuntime } from "@tau/runtime";
import type { ContentStore, Journal, Leases } from "@tau/runtime";
import { createToolRegistry, defineTool } from "@tau/tools";

import { addSchema, prompt } from "./rung.ts";
import type { Rung } from "./rung.ts";

/** Where Tau keeps what happens. */
export interface TauStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly content: ContentStore;
  readonly leases: Leases;
}

/** The whole of Tau: validation, permissions, events, effect ledger, a listener on every run. */
export async function openTau(store: TauStore, baseUrl: string): Promise<Rung> {
  const add = defineTool<{ readonly a: number; readonly b: number }>({
    name: "add",
    description: "Adds two numbers.",
    input: addSchema,
    sideEffect: "pure",
    execute: ({ a, b }) => String(a + b),
  });
  const engine = createEmbeddedEngine({ journal: store.journal, leases: store.leases });
  const runtime = createRuntime({
    journal: store.journal,
    content: store.content,
    engine,
    agents: [
      {
        name: "main",
        model: createOpenAiChat({ baseUrl: `${baseUrl}/v1`, apiKey: "none", model: "mock" }),
        tools: createToolRegistry({ tools: [add] }),
      },
    ],
  });
  await runtime.start();
  const signal = new AbortController().signal;
  const context: CallContext = {
    tenant: "bench",
    principal: { id: "bench", kind: "service", scopes: [] },
    traceId: "0".repeat(32),
    signal,
  };

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
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
