import { createRuntime } from "./create-runtime.ts";
import type { RuntimeOptions } from "./create-runtime.ts";
import { createEmbeddedEngine } from "./engine/embedded-engine.ts";
import { createMemoryContentStore } from "./memory/memory-content-store.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import { createMemoryLeases } from "./memory/memory-leases.ts";
import type { Runtime } from "./runtime.ts";

/** Makes a started {@link Runtime} that forgets everything when the process ends: for tests and for trying things out. */
export async function createMemoryRuntime(
  options: Omit<RuntimeOptions, "journal" | "content" | "engine">,
): Promise<Runtime> {
  const { clock, observer } = options;
  const journal = createMemoryJournal();
  const engine = createEmbeddedEngine({
    journal,
    leases: createMemoryLeases(),
    ...(clock === undefined ? {} : { clock }),
    ...(observer === undefined ? {} : { observer }),
  });
  const runtime = createRuntime({ ...options, journal, engine, content: createMemoryContentStore() });
  await runtime.start();
  return {
    ...runtime,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
    },
  };
}
