import type { Handler, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { watchStream } from "../watch-stream.ts";
import { isForgottenPrefix } from "./prefix-caches.ts";
import type { PrefixCaches } from "./prefix-caches.ts";

/** Asks with the kept prefix that a call continues, if there is one, and without it when the provider has forgotten it. */
export function continuePrefix(caches: PrefixCaches, call: PipelineCall, ask: Handler): ModelStream {
  let forget: (() => Promise<void>) | undefined;
  return watchStream({
    open() {
      const applied = caches.apply(call);
      forget = applied.forget;
      return ask(applied.call);
    },
    async instead(error) {
      const drop = forget;
      forget = undefined;
      if (drop === undefined || !isForgottenPrefix(error)) throw error;
      await drop();
      return ask(call);
    },
  });
}
