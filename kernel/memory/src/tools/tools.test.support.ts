import { tmpdir } from "node:os";

import type { Label } from "@tau/core";
import { createHostEnvironment, createToolRegistry } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";

import { signal } from "../memory.test.support.ts";
import { createMemory } from "../memory.ts";
import type { Memory } from "../memory.ts";
import { createTransientStore } from "../store/transient-store.ts";
import { memoryTools } from "./memory-tools.ts";

/** What a tool answered. */
export interface Answered {
  readonly text: string;
  readonly isError: boolean;
  /** The labels of its parts. */
  readonly labels: readonly (Label | undefined)[];
}

/** Calls the tools of a memory, as a session would. */
export interface ToolBench {
  readonly memory: Memory;
  call(name: string, args: object, options?: CallOptions): Promise<Answered>;
}

/** What a call is made under. */
export interface CallOptions {
  readonly tenant?: string;
  readonly session?: string;
  readonly shown?: Label;
  /** The effect; every call is another one by default. */
  readonly effect?: string;
}

/** Makes the tools of one memory for each tenant. */
export function createBench(): ToolBench {
  const memories = new Map<string, Memory>();
  const memoryOf = (tenant: string): Memory => {
    const memory = memories.get(tenant) ?? createMemory({ store: createTransientStore() });
    memories.set(tenant, memory);
    return memory;
  };
  const registry = createToolRegistry({ tools: memoryTools({ memoryOf }) });
  const environment = createHostEnvironment({
    profile: { access: "read-only", workspace: tmpdir(), network: false },
  });
  let calls = 0;
  return {
    memory: memoryOf("acme"),
    async call(name, args, { tenant = "acme", session = "s1", shown, effect = `e${++calls}` } = {}) {
      const context = createToolContext({
        call: {
          tenant,
          principal: { id: "ada", kind: "person", scopes: [] },
          traceId: "0".repeat(32),
          sessionId: session,
          signal,
        },
        environment,
        idempotencyKey: `${tenant}/${session}/${effect}`,
        ...(shown === undefined ? {} : { shown }),
      });
      const call = { type: "tool_call", id: "c1", name, arguments: JSON.stringify(args) } as const;
      const { result } = await registry.execute(call, context);
      return {
        text: result.content.map((part) => (part.type === "text" ? part.text : "")).join(""),
        isError: result.isError,
        labels: result.content.map(({ label }) => label),
      };
    },
  };
}
