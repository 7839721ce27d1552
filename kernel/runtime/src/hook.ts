import type { CallContext, JsonObject, ToolResultPart } from "@tau/core";
import type { RunState } from "@tau/session";

/** Which run a hook is asked about. */
export interface HookInput {
  readonly run: RunState;
  /** Whose run it is: the tenant, the session, and in `runPath` the runs above it. */
  readonly call: CallContext;
}

/** What a before-run hook says: whether a run may begin, and what its model should know first. */
export type BeforeRunDecision =
  | {
      readonly decision: "allow";
      readonly note?: string;
      readonly reason?: string;
      readonly details?: JsonObject;
    }
  | { readonly decision: "deny"; readonly reason: string; readonly details?: JsonObject };

/** A tool call about to be decided on. */
export interface BeforeToolInput extends HookInput {
  readonly tool: string;
  readonly arguments: JsonObject;
}

/** What a before-tool hook says. It can only tighten: an allow never beats the rules. */
export type BeforeToolDecision =
  | { readonly decision: "allow" }
  | { readonly decision: "deny"; readonly reason: string }
  | { readonly decision: "rewrite"; readonly arguments: JsonObject; readonly reason: string };

/** What a hook says of a call that it was asked about before. */
export type RecheckDecision =
  | { readonly decision: "allow" }
  | { readonly decision: "deny"; readonly reason: string };

/** A tool call that has a result. */
export interface AfterToolInput extends HookInput {
  readonly tool: string;
  readonly result: ToolResultPart;
}

/** What an after-tool hook says: nothing, or another result for the model. */
export type AfterToolDecision =
  | { readonly decision: "allow" }
  | { readonly decision: "rewrite"; readonly result: ToolResultPart; readonly reason: string };

/** What an iteration hook says between two model calls. */
export type IterationDecision =
  | { readonly decision: "continue"; readonly note?: string }
  | { readonly decision: "stop"; readonly reason: string };

/** What a stop hook says of an answer: let the run end, or go on with a note for the model. */
export type StopDecision =
  | { readonly decision: "allow" }
  | { readonly decision: "continue"; readonly note: string };

/**
 * Code of the operator at fixed points of the loop.
 *
 * All points gate, so all fail closed: a hook that throws or takes longer than `timeoutMs` denies the tool,
 * withholds the result, or ends the run with `hook.failed`; one that denies a run ends it with `run.blocked`. Hooks of a point run in the order of the list;
 * each sees what the one before it rewrote.
 */
export interface Hook {
  readonly name: string;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Before the first model call of a run; again when a crash came before that call. */
  beforeRun?(input: HookInput & { readonly prompt: string }, signal: AbortSignal): Promise<BeforeRunDecision>;
  beforeTool?(input: BeforeToolInput, signal: AbortSignal): Promise<BeforeToolDecision>;
  /**
   * Before a call runs that was decided on a while ago: a person was asked first, calls before it changed something, or another
   * process decided. It can only deny.
   */
  recheck?(input: BeforeToolInput, signal: AbortSignal): Promise<RecheckDecision>;
  afterTool?(input: AfterToolInput, signal: AbortSignal): Promise<AfterToolDecision>;
  iteration?(input: HookInput, signal: AbortSignal): Promise<IterationDecision>;
  stop?(input: HookInput & { readonly answer: string }, signal: AbortSignal): Promise<StopDecision>;
}
