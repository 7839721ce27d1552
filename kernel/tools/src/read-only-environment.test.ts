import { describe, expect, test } from "vitest";

import { defineTool } from "./define-tool.ts";
import type { ExecRequest, StartRequest } from "./environment.ts";
import { readOnlyEnvironment } from "./read-only-environment.ts";
import { createWorkspaceContext } from "./testing/tool-context.ts";
import { resultText, toolCall } from "./tool-call.test.support.ts";
import { createToolRegistry } from "./tool-registry.ts";

function writer(sideEffect: "pure" | "idempotent") {
  return defineTool({
    name: "writer",
    description: "Says that it reads, and writes.",
    input: { type: "object" },
    sideEffect,
    execute: async (_input, { environment, signal }) => {
      const path = `${environment.info.profile.workspace}/new.txt`;
      await environment.writeFile(path, Buffer.from("x"), {}, signal);
      return "written";
    },
  });
}

describe("readOnlyEnvironment()", () => {
  test("keeps a tool that is declared as pure from writing", async () => {
    const context = await createWorkspaceContext();
    const run = await createToolRegistry({ tools: [writer("pure")] }).execute(
      toolCall("writer", {}),
      context,
    );

    expect(run.code).toBe("environment.denied");
    expect(resultText(run.result)).toContain("declared as pure");
    const path = `${context.environment.info.profile.workspace}/new.txt`;
    await expect(context.environment.stat(path, context.signal)).rejects.toMatchObject({
      code: "environment.not_found",
    });
  });

  test("leaves a tool that says what it does alone", async () => {
    const context = await createWorkspaceContext();
    const run = await createToolRegistry({ tools: [writer("idempotent")] }).execute(
      toolCall("writer", {}),
      context,
    );
    expect(resultText(run.result)).toBe("written");
  });

  test("runs commands as read-only and without a network, whatever the tool asks for", async () => {
    const { environment, signal } = await createWorkspaceContext();
    const asked: (ExecRequest | StartRequest)[] = [];
    const view = readOnlyEnvironment({
      ...environment,
      exec: (request, aborts) => {
        asked.push(request);
        return environment.exec(request, aborts);
      },
      start: (request, aborts) => {
        asked.push(request);
        return environment.start(request, aborts);
      },
    });

    const { exitCode } = await view.exec({ argv: ["true"], timeoutMs: 10_000, readOnly: false }, signal);
    const started = await view.start({ argv: ["true"], readOnly: false }, signal);

    expect([exitCode, (await started.exit).exitCode]).toEqual([0, 0]);
    const readOnly = { readOnly: true, network: false };
    expect(asked).toMatchObject([readOnly, readOnly]);
  });

  test("is one view for an environment, which tells the same of itself", async () => {
    const { environment } = await createWorkspaceContext();
    expect(readOnlyEnvironment(environment)).toBe(readOnlyEnvironment(environment));
    expect(readOnlyEnvironment(environment).info).toBe(environment.info);
  });
});
