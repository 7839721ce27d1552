import { createMemoryContentStore, createMemoryJournal, createMemoryLeases } from "@tau/runtime";

import { openTau } from "./tau-rung.ts";
import type { Rung } from "./rung.ts";

/** Tau with its in-memory store. */
export async function openRung({ baseUrl }: { readonly baseUrl: string }): Promise<Rung> {
  const store = {
    journal: createMemoryJournal(),
    content: createMemoryContentStore(),
    leases: createMemoryLeases(),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return await openTau(store, baseUrl);
}
