import type { Model, ModelRequest } from "@tau/agent";
import type { ContextEntry, JsonObject, RunLimits } from "@tau/core";
import type { ContextBudget, RunState } from "@tau/session";
import type { ActiveGrant, Environment, EnvironmentInfo, PermissionPolicy, ToolRegistry } from "@tau/tools";
import type { FlowOptions } from "@tau/tools/flow";

import type { Hook } from "./hook.ts";

/** Whose environment is wanted. */
export interface EnvironmentRequest {
  readonly tenant: string;
  readonly sessionId: string;
  /** What the session was created with; an entry may name its workspace. */
  readonly bootstrap: readonly ContextEntry[];
  readonly signal: AbortSignal;
}

/** The run that rules are for, as its log tells of it: the same where another process takes it up. */
export interface PolicyRun {
  readonly runId: string;
  /** What its session was created with. */
  readonly bootstrap: readonly ContextEntry[];
  /** What the session's tools kept, by key, as of now; see `ToolOutput.keep`. */
  kept(): JsonObject;
}

/**
 * Ends a run early when it answers a reason. Asked after every answer of the model, before its tool calls
 * run (their effects are not `finished`), and again when they have: stopping at a call surfaces it unrun.
 */
export type StopCondition = (run: RunState) => string | undefined;

/** A named configuration: model, instructions, tools, limits. */
export interface AgentConfig {
  readonly name: string;
  readonly model: Model;
  readonly instructions?: string;
  readonly tools: ToolRegistry;
  /** The role in which it sees the tools; what it does not see it cannot call. Default: none, all that the caller may use. */
  readonly role?: string;
  /**
   * Where the tools of one run act; disposed of, where it can be, when the run ends or waits for another process.
   * Default: nowhere; see {@link noEnvironment}.
   */
  openEnvironment?(request: EnvironmentRequest): Promise<Environment & Partial<AsyncDisposable>>;
  /**
   * The rules for that environment. Default: {@link defaultPolicy}. `grants` are what the caller was asked before and
   * allowed for longer than once: for `createPermissionPolicy`. `run` is for rules that change while it runs.
   */
  policyFor?(
    environment: EnvironmentInfo,
    grants?: () => readonly ActiveGrant[],
    run?: PolicyRun,
  ): PermissionPolicy;
  /** Whether people may answer for longer than once; then policies are told what they allowed. Default false. */
  readonly keepsGrants?: boolean;
  /** For how long such an answer counts, in milliseconds. Default 30 days. */
  readonly grantTtlMs?: number;
  /**
   * How information may flow in that environment; `off` lets untrusted text do whatever the rules allow. Default: the
   * rules of `defaultFlowRules`, a trusted workspace, and a person to ask.
   */
  flowFor?(environment: EnvironmentInfo): FlowOptions | "off";
  /** Defaults for runs that name no limits of their own; see {@link defaultLimits}. */
  readonly limits?: RunLimits;
  readonly generation?: Pick<ModelRequest, "maxOutputTokens" | "temperature" | "reasoning" | "stopSequences">;
  /** Default: 60 % of the model's context window, or 100,000 tokens where it is unknown. */
  readonly context?: ContextBudget;
  readonly stopWhen?: readonly StopCondition[];
  readonly hooks?: readonly Hook[];
  /** How long a person has to answer, in milliseconds. Default 7 days. */
  readonly approvalTimeoutMs?: number;
}

/** Limits of a run that names none. */
export const defaultLimits: { readonly maxSteps: number } = { maxSteps: 50 };

/** The budget for an agent's history. */
export function contextBudgetOf(agent: AgentConfig): ContextBudget {
  if (agent.context !== undefined) return agent.context;
  const window = agent.model.contextWindow;
  return { maxTokens: window === undefined ? 100_000 : Math.floor(window * 0.6) };
}
