import type { ModelIdentity } from "@tau/agent/adapter";

import { aiSdkError } from "./ai-sdk-error.ts";

/** Waits, but no longer than until `signal` aborts, and maps what is thrown. */
export async function guarded<Value>(
  identity: ModelIdentity,
  signal: AbortSignal,
  promise: Promise<Value>,
): Promise<Value> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([promise, given]);
  } catch (error) {
    signal.throwIfAborted();
    throw aiSdkError(identity, error);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
