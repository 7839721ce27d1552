/**
 * What a command may do, why, and what a person who says "always" allows: exactly that, until its script changes.
 *
 * Run it with: node --conditions=@tau/source examples/approvals.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, userText } from "@tau/core";
import { createMemoryRuntime } from "@tau/runtime";
import {
  createBashTool,
  createHostEnvironment,
  createPermissionPolicy,
  createToolRegistry,
  renderExplanation,
} from "@tau/tools";
import type { PermissionLayer } from "@tau/tools";

const workspace = mkdtempSync(join(tmpdir(), "tau-approvals-"));
const script = join(workspace, "check.sh");
writeFileSync(script, "echo fine\n");

// An administrator's rules stand above the project's, which can only tighten while nobody trusts the folder.
const layers: readonly PermissionLayer[] = [
  {
    layer: "admin",
    rules: { deny: [{ rule: "bash(git push *)", reason: "Open a pull request.", match: ["git push -f"] }] },
  },
  { layer: "project", trusted: false, rules: { allow: ["bash"] } },
];

const check = { name: "bash", arguments: { command: "sh check.sh" } };
await using model = await startScriptedServer({
  turns: [
    { toolCalls: [check, { name: "bash", arguments: { command: "git push" } }] },
    { toolCalls: [check] },
    { text: "Checked twice." },
    { toolCalls: [check] },
    { text: "Asked again." },
  ],
});
await using runtime = await createMemoryRuntime({
  agents: [
    {
      name: "main",
      model: createOpenAiChat({ baseUrl: `${model.url}/v1`, model: "scripted" }),
      tools: createToolRegistry({ tools: [createBashTool()] }),
      keepsGrants: true,
      openEnvironment: async () =>
        createHostEnvironment({ profile: { access: "workspace-write", workspace, network: false } }),
      policyFor: ({ profileHash }, grants = () => []) =>
        createPermissionPolicy({ profile: "workspace-write", approvals: "ask", layers, profileHash, grants }),
    },
  ],
});

const context = createCallContext({ tenant: "acme", principal: { id: "ada", kind: "person", scopes: [] } });
const { sessionId } = await runtime.createSession({}, context);
async function run(prompt: string): Promise<void> {
  const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt: userText(prompt) }, context);
  for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      const { event } = one;
      if (event.type === "permission_decided") console.log(`${event.decision}: ${event.rule ?? "no rule"}`);
      if (event.type !== "approval_requested") continue;
      console.log(`always would be: ${event.grant?.effects.map(({ rule }) => rule).join(", ")}`);
      const { approvalId } = event;
      await runtime.respond({ sessionId, approvalId, answer: "allow", remember: "always" }, context);
    }
  }
}
await run("Check it, twice.");
writeFileSync(script, "echo fine; rm -rf src\n");
await run("Check it again.");

const policy = createPermissionPolicy({ profile: "workspace-write", approvals: "ask", layers });
const access = [{ kind: "command", source: "git push", cwd: workspace }] as const;
const explained = policy.explain({ tool: { name: "bash", sideEffect: "irreversible" }, access, workspace });
console.log(renderExplanation(explained).split("\n").slice(0, 4).join("\n"));
rmSync(workspace, { recursive: true });
