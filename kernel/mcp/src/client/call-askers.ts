import { AsyncLocalStorage } from "node:async_hooks";

import { TauError } from "@tau/core";
import type { ToolContext } from "@tau/tools";

type Ask = NonNullable<ToolContext["ask"]>;

interface Call {
  readonly ask: Ask | undefined;
}

/**
 * The ways to ask of the calls that are under way in one link.
 *
 * What a server asks within the answer of a call, as over HTTP, or as a result of revision 2026-07-28, arrives in that call's
 * asynchronous context. Over a pipe, or the one stream of old servers, nothing says for which call it asks: then it has to be
 * the only one.
 */
export interface CallAskers {
  /** Has `ask` be the way while `work` goes on. After a server asked without saying for whom, one call goes on at a time. */
  during<T>(ask: Ask | undefined, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * That of the call for which a server asks now; undefined where nobody can be asked. Of several calls that it could be for, it
   * waits until one is left.
   *
   * @throws TauError `mcp.ambiguous_question` when all of them wait for an answer
   */
  find(server: string, signal: AbortSignal): Promise<Ask | undefined>;
}

/** Makes {@link CallAskers}. */
export function createCallAskers(): CallAskers {
  const context = new AsyncLocalStorage<Call>();
  const calls = new Set<Call>();
  let questions = 0;
  // One call goes on at a time.
  const limits = { oneByOne: false };
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };

  return {
    async during(ask, work, signal) {
      while (limits.oneByOne && calls.size > 0) await change(changed.promise, signal);
      const mine = { ask };
      calls.add(mine);
      try {
        return await context.run(mine, work);
      } finally {
        calls.delete(mine);
        tell();
      }
    },
    async find(server, signal) {
      const mine = context.getStore();
      if (mine !== undefined) return mine.ask;
      questions += 1;
      try {
        tell();
        while (calls.size > 1) {
          limits.oneByOne = true;
          if (questions >= calls.size) throw ambiguous(server);
          await change(changed.promise, signal);
        }
        const [only] = calls;
        return only?.ask;
      } finally {
        questions -= 1;
      }
    },
  };
}

async function change(changed: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([changed, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function ambiguous(server: string): TauError {
  return new TauError(
    "mcp.ambiguous_question",
    `The MCP server "${server}" asks in the middle of several calls and does not say for which. From now on its calls go one by one: call again.`,
  );
}
