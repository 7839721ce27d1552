import type { Leases } from "../lease.ts";
import { assertLeaseKey } from "../stream-id.ts";

/** Makes {@link Leases} for one process: holders are told apart, and nothing expires because nobody can be gone. */
export function createMemoryLeases(): Leases {
  const held = new Set<string>();

  return {
    async acquire(tenant, key) {
      assertLeaseKey(tenant, key);
      const name = `${tenant} ${key}`;
      if (held.has(name)) return undefined;
      held.add(name);
      let released = false;
      return {
        lost: new AbortController().signal,
        async [Symbol.asyncDispose]() {
          if (!released) held.delete(name);
          released = true;
        },
      };
    },
  };
}
