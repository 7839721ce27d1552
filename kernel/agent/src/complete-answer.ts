import { TauError } from "@tau/core";
import type { CallContext, ModelFinished } from "@tau/core";

import type { Model, ModelRequest } from "./model.ts";

/**
 * Asks a model and waits for the whole answer.
 *
 * @throws TauError what the model throws, and `model.truncated` for a model that breaks its contract
 */
export async function completeAnswer(
  model: Pick<Model, "provider" | "id" | "stream">,
  request: ModelRequest,
  context: CallContext,
): Promise<ModelFinished> {
  for await (const batch of model.stream(request, context)) {
    const last = batch.at(-1);
    if (last?.type === "finished") return last;
  }
  throw new TauError(
    "model.truncated",
    `Model "${model.id}" of provider "${model.provider}" ended its answer without saying so.`,
    { class: "retryable" },
  );
}
