import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";

import type { ModelStream } from "./layer.ts";
import { watchStream } from "./watch-stream.ts";

/** A timer takes no longer waits than this. */
const longestMs = 2 ** 31 - 1;

/** A call that ends at its deadline. */
export interface TimedCall {
  /** Its signal also aborts at the deadline, with `pipeline.deadline`. */
  readonly context: CallContext;
  /** The same stream, with the clock running from when it is pulled to when it ends. */
  timed(stream: ModelStream): ModelStream;
}

/** Has a call end at its deadline, whoever else looks at the clock. Nothing waits before somebody reads, or after. */
export function timeCall(context: CallContext, deadline: number): TimedCall {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const leftMs = deadline - Date.now();
    if (leftMs > 0) timer = setTimeout(look, Math.min(leftMs, longestMs));
    else limit.abort(deadlinePassed());
  };
  return {
    context: { ...context, signal: AbortSignal.any([context.signal, limit.signal]) },
    timed: (stream) =>
      watchStream({
        open() {
          look();
          limit.signal.throwIfAborted();
          return stream;
        },
        ended: () => clearTimeout(timer),
      }),
  };
}

function deadlinePassed(): TauError {
  return new TauError("pipeline.deadline", "The call's deadline passed before the answer ended.", {
    class: "cancelled",
  });
}
