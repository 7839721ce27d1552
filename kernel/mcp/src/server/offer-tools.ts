import { randomUUID } from "node:crypto";

import { isJsonObject, TauError } from "@tau/core";
import type { CallContext, ToolResultPart } from "@tau/core";
import type { CallToolResult, InputRequiredResult } from "@modelcontextprotocol/server";
import { createMemoryArtifactStore } from "@tau/tools";
import type {
  Environment,
  EnvironmentInfo,
  PermissionPolicy,
  PreparedCall,
  Tool,
  ToolContext,
  ToolRegistry,
} from "@tau/tools";
import { createFileLedger } from "@tau/tools/file-ledger";

import { askClient, canAsk } from "./ask-client.ts";
import type { McpServer } from "./create-mcp-server.ts";
import { callerKey } from "./http-caller.ts";
import type { RateLimiter } from "./rate-limit.ts";
import type { McpRequest, ServedTool } from "./served.ts";
import { toBlock } from "./to-block.ts";

/** What became of one call of a client; for the audit. */
export interface CallAudit {
  readonly at: number;
  readonly tenant: string;
  readonly principal: string;
  readonly tool: string;
  /**
   * `refused` covers wrong arguments, missing scopes and too many calls; after `asked` the client comes back, by a call of its
   * own, with what its person said.
   */
  readonly outcome: "answered" | "asked" | "denied" | "failed" | "refused";
  /** Why it was denied or refused; the rule, or the code. */
  readonly reason: string;
  readonly durationMs: number;
}

/** Options of {@link offerTools}. */
export interface OfferToolsOptions {
  readonly tools: ToolRegistry;
  /** Where the tools of a call act; disposed of after it, where it can be. */
  openEnvironment(call: CallContext): Promise<Environment & Partial<AsyncDisposable>>;
  /** The rules for it. A client is a program: what a person would be asked about is denied. */
  policyFor(environment: EnvironmentInfo, call: CallContext): PermissionPolicy;
  readonly limit?: RateLimiter;
  readonly audit?: (entry: CallAudit) => void;
}

/**
 * Offers the tools of a registry to the clients of a server: each client sees those that its scopes allow, each call goes
 * through the rate limit, the schema and the rules, and is told to the audit. A tool that asks a person has the client ask,
 * and is offered to clients that can.
 *
 * @throws TauError `mcp.already_offered`
 */
export function offerTools(server: McpServer, options: OfferToolsOptions): void {
  const desks = createDesks();
  for (const tool of options.tools.list()) server.addTool(toServed(tool, { ...options, deskOf: desks }));
}

/** What tools remember of a caller between calls: which files it has read, and outputs too long to be shown. */
type Desk = Pick<ToolContext, "artifacts" | "files">;

interface Offered extends OfferToolsOptions {
  readonly deskOf: (call: CallContext) => Desk;
}

/** Callers that are remembered; whoever was quiet for longest is forgotten. */
const maxDesks = 1_000;

function createDesks(): (call: CallContext) => Desk {
  const desks = new Map<string, Desk>();
  return (call) => {
    const key = callerKey(call);
    const desk = desks.get(key) ?? { artifacts: createMemoryArtifactStore(), files: createFileLedger() };
    desks.delete(key);
    desks.set(key, desk);
    const [oldest] = desks.keys();
    if (desks.size > maxDesks && oldest !== undefined) desks.delete(oldest);
    return desk;
  };
}

/** A tool that may take longer than this, in milliseconds, may go on as a task. */
const longMs = 300_000;

function toServed(tool: Tool, options: Offered): ServedTool {
  const { name, description, sideEffect } = tool;
  return {
    definition: {
      name,
      description,
      inputSchema: { ...tool.inputSchema, type: "object" },
      ...(hasObjects(tool) ? { outputSchema: { ...tool.outputSchema, type: "object" } } : {}),
      annotations: {
        readOnlyHint: sideEffect === "pure",
        idempotentHint: sideEffect === "pure" || sideEffect === "idempotent",
        destructiveHint: sideEffect === "irreversible",
      },
    },
    mayBeTask: tool.timeoutMs > longMs && tool.question === undefined,
    isVisible: ({ principal }, client) =>
      (tool.question === undefined || canAsk(client)) &&
      options.tools
        .viewFor({ principal })
        .list()
        .some((one) => one.name === name),
    handle: async (args, request) =>
      await audited(
        { tool: name, call: request.call },
        options,
        async () => await runTool(name, { ...args }, request, options),
      ),
  };
}

/** What became of a call, and what its client gets. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly outcome: CallAudit["outcome"];
  readonly reason: string;
}

/** Carries a call of a client out: within the rate limit, and with a row in the audit whatever becomes of it. */
export async function audited<Result>(
  { tool, call }: { readonly tool: string; readonly call: CallContext },
  { limit, audit }: Pick<OfferToolsOptions, "limit" | "audit">,
  act: () => Promise<Outcome<Result>>,
): Promise<Result> {
  const { tenant, principal } = call;
  const at = Date.now();
  const start = performance.now();
  const tell = (outcome: CallAudit["outcome"], reason: string): void =>
    audit?.({
      at,
      tenant,
      principal: principal.id,
      tool,
      outcome,
      reason,
      durationMs: Math.round(performance.now() - start),
    });
  try {
    limit?.(call);
    const { result, outcome, reason } = await act();
    tell(outcome, reason);
    return result;
  } catch (error) {
    tell(error instanceof TauError ? "refused" : "failed", error instanceof TauError ? error.code : "failed");
    throw error;
  }
}

async function runTool(
  name: string,
  args: Readonly<Record<string, unknown>>,
  request: McpRequest,
  options: Offered,
): Promise<Outcome<CallToolResult | InputRequiredResult>> {
  const { call } = request;
  const { principal, signal } = call;
  const environment = await options.openEnvironment(call);
  try {
    const set = options.tools.viewFor({ principal });
    const asked = { type: "tool_call", id: randomUUID(), name, arguments: JSON.stringify(args) } as const;
    const prepared: PreparedCall = await set.prepare(asked, { environment, signal, call });
    if (!prepared.ok)
      return { result: toMcpResult(prepared.result), outcome: "refused", reason: prepared.code };
    const { tool, access } = prepared;
    const { decision, reason, rule } = options
      .policyFor(environment.info, call)
      .decide({ tool, access, workspace: environment.info.profile.workspace });
    if (decision !== "allow")
      return { result: denied(name, reason), outcome: "denied", reason: rule ?? reason };
    const question = tool.question?.(prepared.input);
    if (question !== undefined) return outcomeOf(await askClient(question, request));
    const context: ToolContext = {
      call,
      signal,
      environment,
      ...options.deskOf(call),
      idempotencyKey: asked.id,
      progress: () => undefined,
    };
    const { result, value, code = "" } = await set.run(prepared, context);
    const structured = hasObjects(tool) && isJsonObject(value) ? { structuredContent: value } : {};
    return {
      result: { ...toMcpResult(result), ...structured },
      outcome: result.isError ? "failed" : "answered",
      reason: code,
    };
  } finally {
    await environment[Symbol.asyncDispose]?.();
  }
}

function outcomeOf(
  result: CallToolResult | InputRequiredResult,
): Outcome<CallToolResult | InputRequiredResult> {
  if (result.resultType === "input_required") return { result, outcome: "asked", reason: "" };
  return { result, outcome: result["isError"] === true ? "failed" : "answered", reason: "" };
}

/** Whether a tool answers objects, the only values that the protocol has a place for in both revisions. */
function hasObjects({ outputSchema }: Tool): boolean {
  return outputSchema?.["type"] === "object";
}

function denied(tool: string, reason: string): CallToolResult {
  const text = `tool.denied: ${tool} was not run. ${reason}`;
  return { content: [{ type: "text", text }], isError: true };
}

/** A result as the protocol has it. */
function toMcpResult({ content, isError }: ToolResultPart): CallToolResult {
  return { content: content.map(toBlock), isError };
}
