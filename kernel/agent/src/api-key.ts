import { once } from "node:events";

import { isTauError, TauError } from "@tau/core";

/** A key, or how to get one at each call. */
export type ApiKey = string | (() => Promise<string>);

/**
 * The key, at once or when its source has answered; an empty one counts as none.
 *
 * @throws TauError `model.auth` when it cannot be had or sent, or the reason of `signal`
 */
export function resolveKey(
  key: ApiKey | undefined,
  signal: AbortSignal,
): Promise<string | undefined> | string | undefined {
  return typeof key === "function" ? askFor(key, signal).then(usable) : usable(key);
}

function usable(key: string | undefined): string | undefined {
  const trimmed = key?.trim();
  if (trimmed === undefined || trimmed === "") return undefined;
  // No header can hold anything else; sent all the same, it would look like a broken network.
  if (/^[ -~]+$/u.test(trimmed)) return trimmed;
  throw new TauError(
    "model.auth",
    'apiKey holds what no key has, such as a line break or the "…" that stands for one. Put the key itself there.',
    { class: "auth" },
  );
}

async function askFor(key: () => Promise<string>, signal: AbortSignal): Promise<string> {
  const done = new AbortController();
  const aborted = once(signal, "abort", { signal: done.signal }).then(
    () => undefined,
    () => undefined,
  );
  try {
    const value = await Promise.race([key(), aborted]);
    signal.throwIfAborted();
    return value ?? "";
  } catch (error) {
    if (signal.aborted || isTauError(error)) throw error;
    throw new TauError("model.auth", "apiKey could not be read: its source failed. The log says why.", {
      class: "auth",
      cause: error,
    });
  } finally {
    done.abort();
  }
}
