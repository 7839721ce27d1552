import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { createFileLedger } from "../file-ledger.ts";
import { createHostEnvironment } from "../host/create-host-environment.ts";
import { createMemoryArtifactStore } from "../memory-artifact-store.ts";
import type { ToolContext } from "../tool.ts";

/** Makes what a tool gets in a test: what is given, a call of a person whom nobody stops, and nothing read yet. */
export function createToolContext(
  given: Pick<ToolContext, "environment"> & Partial<ToolContext>,
): ToolContext {
  const signal = given.signal ?? given.call?.signal ?? new AbortController().signal;
  return {
    call: {
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      traceId: "0".repeat(32),
      signal,
    },
    signal,
    artifacts: createMemoryArtifactStore(),
    files: createFileLedger(),
    idempotencyKey: "key",
    progress: () => undefined,
    ...given,
  };
}

/** Makes a context that acts on a new temporary folder, which is removed when the test is over. Needs vitest. */
export async function createWorkspaceContext(rest: Partial<ToolContext> = {}): Promise<ToolContext> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-tools-")));
  onTestFinished(async () => await rm(workspace, { recursive: true, force: true }));
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace, network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  return createToolContext({ environment, ...rest });
}
