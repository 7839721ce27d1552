import { TauError } from "@tau/core";

import { closestName } from "../closest-name.ts";
import { assertToolName } from "../define-tool.ts";
import type { ToolRegistry } from "../tool-registry.ts";
import type { Module } from "./module.ts";

/**
 * Modules and their life.
 *
 * - M1. Modules are initialized in the order in which they were registered, one after the other, and cleaned up in
 *   reverse.
 * - M2. When one cannot be initialized, or one of its tools has a name that is taken, everything that was begun is cleaned
 *   up, no tool stays, and the first failure is thrown.
 * - M3. A cleanup that fails keeps no other from being done.
 */
export interface ModuleRegistry extends AsyncDisposable {
  /** Throws `module.exists`, `tool.invalid_name`; `module.started` once the modules have begun. */
  register(module: Module): void;
  /** Throws `module.not_found`. */
  get(name: string): Module;
  /** In the order in which they were registered. */
  list(): readonly Module[];
  listNames(): readonly string[];
  /** Initializes the modules and registers their tools. Throws what the first failure threw. */
  start(signal: AbortSignal): Promise<void>;
  /** Takes the tools out and cleans up. Throws `module.cleanup_failed` when one of them could not. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a {@link ModuleRegistry} that brings its tools into `tools`. */
export function createModuleRegistry(tools: ToolRegistry, modules: readonly Module[] = []): ModuleRegistry {
  const byName = new Map<string, Module>();
  const begun: Module[] = [];
  const brought: string[] = [];
  let isStarted = false;

  const end = async (): Promise<readonly unknown[]> => {
    for (const name of brought.splice(0)) tools.remove(name);
    const failures: unknown[] = [];
    for (const module of begun.splice(0).toReversed()) {
      try {
        await module.cleanup?.();
      } catch (error) {
        failures.push(error);
      }
    }
    isStarted = false;
    return failures;
  };

  const begin = async (module: Module, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    begun.push(module);
    await module.initialize?.(signal);
    for (const tool of module.tools()) {
      tools.register(tool);
      brought.push(tool.name);
    }
  };

  const registry: ModuleRegistry = {
    register(module) {
      assertToolName(module.name);
      if (isStarted)
        throw refusal("module.started", `Module "${module.name}" comes too late: the modules have begun.`);
      if (byName.has(module.name))
        throw refusal(
          "module.exists",
          `A module named "${module.name}" is registered already: choose another name.`,
        );
      byName.set(module.name, module);
    },
    get(name) {
      const module = byName.get(name);
      if (module !== undefined) return module;
      const closest = closestName(name, byName.keys());
      const hint = closest === undefined ? "" : ` Did you mean "${closest}"?`;
      throw refusal(
        "module.not_found",
        `There is no module named ${JSON.stringify(name.slice(0, 80))}.${hint}`,
      );
    },
    list: () => [...byName.values()],
    listNames: () => [...byName.keys()],
    async start(signal) {
      if (isStarted) return;
      isStarted = true;
      try {
        for (const module of byName.values()) await begin(module, signal);
      } catch (error) {
        await end();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      const [first, ...others] = await end();
      if (first === undefined) return;
      const more = others.length === 0 ? "" : ` and ${others.length} more`;
      throw new TauError(
        "module.cleanup_failed",
        `A module${more} could not be cleaned up; the others are.`,
        {
          cause: first,
        },
      );
    },
  };
  for (const module of modules) registry.register(module);
  return registry;
}

function refusal(code: "module.started" | "module.exists" | "module.not_found", message: string): TauError {
  return new TauError(code, message);
}
