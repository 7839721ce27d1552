import type { Model } from "@tau/agent";
import { textOf } from "@tau/core";
import type { ReaderModel } from "@tau/tools";

/** Makes the model call of a reader: no tools, and nothing but the text and what is asked about it. */
export function toReaderModel(model: Model): ReaderModel {
  return async ({ instructions, text }, context) => {
    const messages = [{ role: "user", parts: [{ type: "text", text }] }] as const;
    for await (const batch of model.stream({ system: instructions, messages, tools: [] }, context)) {
      const last = batch.at(-1);
      if (last?.type === "finished") return textOf(last.message);
    }
    return "";
  };
}
