import type { CallContext, Delta, FewSet, Label, Observer, RareMap, RunLimits } from "@tau/core";
import type { RunState } from "@tau/session";
import type { ArtifactStore, Environment, PermissionPolicy, ReadyCall, ToolSet } from "@tau/tools";
import type { FlowControl } from "@tau/tools/flow";

import type { AgentConfig } from "./agent-config.ts";
import type { Clock } from "./clock.ts";
import type { EngineContext } from "./engine.ts";
import type { HeldRun } from "./held-run.ts";
import type { Inbox } from "./inbox.ts";
import type { LiveChannel } from "./live-feed.ts";
import type { RunGrants } from "./run-grants.ts";
import type { RunTaints } from "./run-taints.ts";
import type { RunTimer } from "./run-timer.ts";
import type { SessionLog } from "./session-log.ts";

/** Everything that one run works with, from its first step to its end. */
export interface RunScope {
  readonly runId: string;
  readonly agent: AgentConfig;
  readonly limits: RunLimits & { readonly maxSteps: number };
  readonly log: SessionLog;
  readonly engine: EngineContext;
  readonly environment: Environment;
  readonly policy: PermissionPolicy;
  /** Absent: information flows as it likes. */
  readonly flow?: FlowControl;
  /** What sessions wrote untrusted text to; absent where information flows as it likes, or there are no files. */
  readonly taints?: RunTaints;
  /** What the agent may use of its tools, in its role and for this caller. */
  readonly tools: ToolSet;
  readonly artifacts: ArtifactStore;
  readonly inbox: Inbox;
  readonly grants: RunGrants;
  readonly channel: LiveChannel;
  readonly clock: Clock;
  readonly observer: Observer;
  /** The caller of the run; its signal aborts on cancel, deadline, time limit and shutdown. */
  readonly call: CallContext;
  readonly timer: RunTimer;
  /** What tools keep open until the run ends. */
  readonly closers: FewSet<() => Promise<void>>;
  /** Calls of this step that are validated and decided on as things are now, by effect id; see {@link readyCall}. */
  readonly prepared: RareMap<string, ReadyCall>;
  /** While a tool calls others: the label of what it was told by them so far, which no model is shown. */
  readonly gathered?: () => Label;
  /** Calls of this step that ran on a copy and need nobody's answer, by effect id; see {@link holdEffect}. */
  readonly held: RareMap<string, HeldRun>;
}

/** The run's state. */
export function runOf(scope: RunScope): RunState {
  const run = scope.log.state.run;
  if (run === undefined || run.runId !== scope.runId) throw new TypeError(`Run ${scope.runId} has no state.`);
  return run;
}

/** Shows a fragment to whoever listens. */
export function publishDelta(scope: RunScope, delta: Delta): void {
  scope.channel.publish({ runId: scope.runId, afterSeq: scope.log.state.version, delta });
}
