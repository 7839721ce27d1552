import type { ToolContext } from "@tau/tools";

type Ask = NonNullable<ToolContext["ask"]>;

/** The ways to ask of the calls that are under way in one link: a server does not say for which of them it asks. */
export interface CallAskers {
  /** Has `ask` be the way while `work` goes on. */
  during<T>(ask: Ask | undefined, work: () => Promise<T>): Promise<T>;
  /** That of the call that began last; undefined where nobody can be asked. */
  current(): Ask | undefined;
}

/** Makes {@link CallAskers}. */
export function createCallAskers(): CallAskers {
  const asking = new Set<{ readonly ask: Ask }>();
  return {
    async during(ask, work) {
      if (ask === undefined) return await work();
      const mine = { ask };
      asking.add(mine);
      try {
        return await work();
      } finally {
        asking.delete(mine);
      }
    },
    current: () => [...asking].at(-1)?.ask,
  };
}
