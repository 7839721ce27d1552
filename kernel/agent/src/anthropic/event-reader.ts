import type { JsonObject, ModelEvent, ModelFinished } from "@tau/core";

import type { ModelIdentity } from "../model-error.ts";
import { providerError } from "../provider-error.ts";
import { AnthropicDecoder } from "./decoder.ts";

/** Reads the events of one Messages stream that did not come over HTTP. */
export interface AnthropicEventReader {
  /**
   * What the event says; empty for one that says nothing.
   *
   * @throws TauError of this package
   */
  read(event: JsonObject): readonly ModelEvent[];
  /** Present from the end marker on. */
  readonly finished: ModelFinished | undefined;
}

/** Makes an {@link AnthropicEventReader}, for programs that pass the provider's events on. */
export function createAnthropicEventReader(identity: ModelIdentity): AnthropicEventReader {
  const decoder = new AnthropicDecoder(identity, (body) =>
    providerError(identity, { status: 200, headers: {}, body, secrets: [], now: Date.now() }),
  );
  return {
    read(event) {
      const data = JSON.stringify(event);
      const name = typeof event["type"] === "string" ? event["type"] : "";
      decoder.event({ name, data, text: "", start: -1, end: -1 });
      return decoder.take();
    },
    get finished() {
      return decoder.finished;
    },
  };
}
