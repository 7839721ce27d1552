import { optional } from "./optional.ts";
import type { CallOptions } from "./tau-client.ts";

/** One streaming call that ends when its listener leaves. */
export interface StreamCall extends Disposable {
  readonly options: { readonly signal: AbortSignal; readonly timeoutMs?: number };
}

/**
 * Opens the options of a streaming call; disposing of them ends it.
 *
 * Connect does not end a call whose iteration was left early: without this, the server would stream on.
 */
export function openStreamCall({ signal, timeoutMs }: CallOptions): StreamCall {
  const left = new AbortController();
  return {
    options: {
      signal: signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
      ...optional("timeoutMs", timeoutMs),
    },
    [Symbol.dispose]: () => left.abort(),
  };
}
