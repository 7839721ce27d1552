import { userText } from "@tau/core";
import type { ModelEvent, ModelFinished } from "@tau/core";

import type { Model, ModelRequest } from "../model.ts";
import { testContext } from "./test-context.ts";

/** The smallest request. */
export const hello: ModelRequest = { messages: [userText("Hello")], tools: [] };

/** Reads a stream to its end. */
export async function readAll(
  model: Model,
  request: ModelRequest = hello,
  signal?: AbortSignal,
): Promise<{ readonly events: readonly ModelEvent[]; readonly finished: ModelFinished }> {
  const events: ModelEvent[] = [];
  for await (const batch of model.stream(request, testContext(signal))) events.push(...batch);
  const finished = events.at(-1);
  if (finished?.type !== "finished") throw new Error("The stream ended without a finished event.");
  return { events, finished };
}
