import type { LiveContainer, SweptState } from "./live-container.ts";

/** How many containers wait for a next command; a command in one that waits starts at once. */
const maxIdle = 3;

/**
 * The containers of one environment. A container belongs to one command at a time: so whatever is alive in it when the
 * command ends was started by that command.
 */
export interface ContainerPool {
  /** A container whose view has this key: one that waits, or a new one. */
  take(key: string, start: () => Promise<LiveContainer>): Promise<LiveContainer>;
  /** Gives a container back that was swept. */
  give(key: string, container: LiveContainer, state: SweptState): void;
  /** Removes all of them. */
  close(): Promise<void>;
}

interface Waiting {
  readonly key: string;
  readonly container: LiveContainer;
}

/** Makes a {@link ContainerPool}. A `used` container waits only when `reusesUsed`. */
export function createContainerPool({ reusesUsed }: { readonly reusesUsed: boolean }): ContainerPool {
  let waiting: readonly Waiting[] = [];
  const taken = new Set<LiveContainer>();
  const removals = new Set<Promise<void>>();
  let closed = false;

  const remove = (container: LiveContainer): void => {
    const removal = container.remove().finally(() => removals.delete(removal));
    removal.catch(() => undefined); // what cannot be removed now is a leftover for later
    removals.add(removal);
  };

  return {
    async take(key, start) {
      const found = waiting.findLast((item) => item.key === key && item.container.isAlive());
      waiting = waiting.filter((item) => item !== found);
      const container = found?.container ?? (await start());
      taken.add(container);
      return container;
    },
    give(key, container, state) {
      taken.delete(container);
      if (closed || state === "removed" || (state === "used" && !reusesUsed)) return remove(container);
      waiting = [...waiting, { key, container }];
      const [oldest, ...others] = waiting;
      if (oldest === undefined || waiting.length <= maxIdle) return;
      waiting = others;
      remove(oldest.container);
    },
    async close() {
      closed = true;
      for (const { container } of waiting) remove(container);
      for (const container of taken) remove(container);
      waiting = [];
      taken.clear();
      await Promise.allSettled(removals);
    },
  };
}
