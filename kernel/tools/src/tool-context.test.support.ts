import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ToolCallPart, ToolResultPart } from "@tau/core";
import { onTestFinished } from "vitest";

import { createFileLedger } from "./file-ledger.ts";
import { createHostEnvironment } from "./host/create-host-environment.ts";
import { createMemoryArtifactStore } from "./memory-artifact-store.ts";
import type { ToolContext } from "./tool.ts";

/** Makes a context that acts on a new temporary folder, which is removed when the test is over. */
export async function createTestContext(rest: Partial<ToolContext> = {}): Promise<ToolContext> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-tools-")));
  onTestFinished(async () => await rm(workspace, { recursive: true, force: true }));
  const signal = rest.signal ?? new AbortController().signal;
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace, network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  return {
    call: {
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      traceId: "0".repeat(32),
      signal,
    },
    signal,
    environment,
    artifacts: createMemoryArtifactStore(),
    files: createFileLedger(),
    idempotencyKey: "key",
    progress: () => undefined,
    ...rest,
  };
}

/** Makes a call as a model would. */
export function toolCall(name: string, input: unknown): ToolCallPart {
  return {
    type: "tool_call",
    id: "call-1",
    name,
    arguments: typeof input === "string" ? input : JSON.stringify(input),
  };
}

/** What a model reads of a result; other parts as `[image]`. */
export function resultText(result: ToolResultPart): string {
  return result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("");
}
