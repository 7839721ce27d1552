import { createOpenAiChat } from "@tau/agent";
import { textOf, userText, uuidv7 } from "@tau/core";
import type { RunEvent } from "@tau/core";

import { openBenchRuntime } from "../lib/bench-runtime.ts";
import type { BenchRuntime, BenchStore } from "../lib/bench-runtime.ts";
import type { Listener, Pace, Rung } from "./rung.ts";

/** A rung that is the whole runtime with a listener; it has a store for each pace. */
export function runtimeRung(baseUrl: string, openStore: () => Promise<BenchStore>): Rung {
  const opened = new Map<Pace, Promise<BenchRuntime>>();
  const openTau = async (pace: Pace): Promise<BenchRuntime> => {
    const model = createOpenAiChat({ baseUrl: `${baseUrl}/${pace}/v1`, apiKey: "none", model: "mock" });
    return await openBenchRuntime(await openStore(), model);
  };
  const tauFor = (pace: Pace): Promise<BenchRuntime> => {
    const tau = opened.get(pace) ?? openTau(pace);
    opened.set(pace, tau);
    return tau;
  };
  return {
    async prepare(pace) {
      const tau = await tauFor(pace);
      const { sessionId } = await tau.runtime.createSession({ externalId: uuidv7() }, tau.context);
      return (listener) => listen(tau, sessionId, listener);
    },
    async [Symbol.asyncDispose]() {
      for (const tau of opened.values()) await (await tau)[Symbol.asyncDispose]();
    },
  };
}

/** Runs a prompt and listens to its end. A listener that leaves cancels the run. */
async function listen(
  { runtime, context }: BenchRuntime,
  sessionId: string,
  listener: Listener,
): Promise<number> {
  const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt: userText("Go.") }, context);
  const cancel = (): void => {
    runtime.cancelRun({ sessionId, runId, reason: "The listener left." }, context).catch(console.error);
  };
  listener.signal?.addEventListener("abort", cancel, { once: true });
  let length = 0;
  for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
    let tokens = 0;
    for (const one of batch) {
      if (isToken(one)) tokens += 1;
      else if (one.kind === "event" && one.event.type === "model_finished")
        length = textOf(one.event.message).length;
    }
    if (tokens > 0) listener.onTokens(tokens);
  }
  return length;
}

function isToken(event: RunEvent): boolean {
  return event.kind === "delta" && event.delta.type === "text_delta";
}
