import type { Model } from "@tau/agent";
import type { CallContext } from "@tau/core";
import {
  createEmbeddedEngine,
  createMemoryContentStore,
  createMemoryJournal,
  createMemoryLeases,
  createRuntime,
} from "@tau/runtime";
import type { ContentStore, Journal, Leases, Runtime } from "@tau/runtime";
import { createToolRegistry } from "@tau/tools";
import type { ToolRegistry } from "@tau/tools";

/** Where Tau keeps what happens. */
export interface BenchStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly content: ContentStore;
  readonly leases: Leases;
}

/** A whole runtime, and who calls it. */
export interface BenchRuntime extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly context: CallContext;
}

/** Who calls in benchmarks. */
export const benchContext: CallContext = {
  tenant: "bench",
  principal: { id: "bench", kind: "service", scopes: [] },
  traceId: "0".repeat(32),
  signal: new AbortController().signal,
};

/** Tau's store that forgets. */
export function openMemoryStore(): BenchStore {
  return {
    journal: createMemoryJournal(),
    content: createMemoryContentStore(),
    leases: createMemoryLeases(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The whole of Tau around one model: validation, permissions, events, effect ledger. Owns `store`. */
export async function openBenchRuntime(
  store: BenchStore,
  model: Model,
  tools: ToolRegistry = createToolRegistry({ tools: [] }),
): Promise<BenchRuntime> {
  const engine = createEmbeddedEngine({ journal: store.journal, leases: store.leases });
  const { journal, content } = store;
  const runtime = createRuntime({ journal, content, engine, agents: [{ name: "main", model, tools }] });
  await runtime.start();
  return {
    runtime,
    context: benchContext,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
