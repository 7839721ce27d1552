import type { InputRequests, InputResponses } from "@modelcontextprotocol/server";

/** What a task asks its client while it goes on: one round of questions after the other. */
export interface TaskQuestions {
  /** Those without an answer, by names that no other question of the task has. */
  readonly open: InputRequests | undefined;
  /** Asks, and settles when all are answered, with the answers by the names of `requests`. Rejects when the task is ended. */
  ask(requests: InputRequests, signal: AbortSignal): Promise<InputResponses>;
  /** Takes answers, all of them or some; what nobody asked is left alone. */
  answer(responses: Readonly<Record<string, unknown>>): void;
}

/** Makes {@link TaskQuestions}; `changed` hears of every question and every answer. */
export function createTaskQuestions(changed: () => void): TaskQuestions {
  const pending = new Map<string, InputRequests[string]>();
  let round = 0;
  let answers: Record<string, unknown> = {};
  let done: PromiseWithResolvers<void> | undefined;

  return {
    get open() {
      return pending.size === 0 ? undefined : Object.fromEntries(pending);
    },
    async ask(requests, signal) {
      const prefix = `${(round += 1)}:`;
      answers = {};
      for (const [name, request] of Object.entries(requests)) pending.set(prefix + name, request);
      if (pending.size === 0) throw new TypeError("A task that waits for its client must ask it something.");
      const answered = (done = Promise.withResolvers<void>());
      const stop = (): void => answered.reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      try {
        signal.throwIfAborted();
        changed();
        await answered.promise;
      } finally {
        signal.removeEventListener("abort", stop);
        pending.clear();
      }
      // Whoever asked looks at what came, as at what comes with a request.
      const named = Object.entries(answers).map(([name, value]) => [name.slice(prefix.length), value]);
      const said: InputResponses = Object.fromEntries(named);
      return said;
    },
    answer(responses) {
      for (const name of pending.keys()) {
        if (!Object.hasOwn(responses, name)) continue;
        answers[name] = responses[name];
        pending.delete(name);
      }
      if (pending.size === 0) done?.resolve();
      changed();
    },
  };
}
