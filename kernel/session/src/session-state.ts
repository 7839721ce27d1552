import {
  addUsage,
  isJsonObject,
  joinLabels,
  noUsage,
  textOf,
  toolCallsOf,
  unreachable,
  workspaceLabel,
} from "@tau/core";
import type {
  ApprovalAnswered,
  ApprovalRequested,
  ContextEntry,
  EffectFinished,
  EffectStarted,
  HeldValue,
  JsonObject,
  Label,
  MicroUsd,
  ModelCallFinished,
  PermissionDecided,
  Recorded,
  RunFinished,
  RunStarted,
  SessionEvent,
  Usage,
} from "@tau/core";

import { effectIdOf } from "./run-state.ts";
import type { EffectState, RunState } from "./run-state.ts";
import { activeMsOf, keepTime } from "./run-time.ts";
import { withTaint } from "./tainted-files.ts";
import type { Taints } from "./tainted-files.ts";

/** The version of {@link SessionState.toCheckpoint}'s shape. */
export const sessionStateVersion = 1;

// One for all: they are replaced, never changed, and most sessions never have any.
const nothing = Object.freeze({});
const none = Object.freeze([]);

/**
 * Everything about a session but its messages: a fold of its events.
 *
 * Invariants, cited by the tests:
 * - S1. Folding from a checkpoint and the events after it gives the same state as folding all events.
 * - S2. Applying an event costs the same however many came before.
 */
export class SessionState {
  sessionId = "";
  tenant = "";
  principal = "";
  createdAt = 0;
  updatedAt = 0;
  /** The sequence number of the last event applied. */
  version = 0;
  bootstrap: readonly ContextEntry[] = none;
  /** The beginning of the first prompt, on one line; empty before there is one. */
  title = "";
  /** What the marks around untrusted text are made from; absent in checkpoints of an older Tau. */
  fenceKey: string | undefined = undefined;
  /** What tools keep for later calls, by key. */
  kept: JsonObject = nothing;
  /** Runs that ended. */
  turns = 0;
  usage: Usage = noUsage;
  costMicroUsd: MicroUsd = 0;
  /** Files that the session wrote untrusted text to. */
  tainted: Taints = nothing;
  /** How far to trust the artifacts of the session, by id: the newest 1,000. */
  artifacts: Readonly<Record<string, Label>> = nothing;
  /** Texts that models get as handles only. */
  values: Readonly<Record<string, HeldValue>> = nothing;
  /** Up to where the session's inbox was read. */
  inboxSeq = 0;
  /** The first event whose message still goes to the model. */
  windowFromSeq = 1;
  /** The run under way, or the last one. */
  run: RunState | undefined = undefined;

  /** Questions that wait for a person; one that several equal calls wait for is there once. */
  get pending(): readonly ApprovalRequested[] {
    const questions = new Map<string, ApprovalRequested>();
    for (const effect of this.run?.effects ?? [])
      for (const asked of openQuestions(effect)) questions.set(asked.approvalId, asked);
    return [...questions.values()];
  }

  apply({ seq, at, event }: Recorded): void {
    const before = this.updatedAt;
    this.version = seq;
    this.updatedAt = at;
    switch (event.type) {
      case "session_created":
        this.sessionId = event.sessionId;
        this.tenant = event.tenant;
        this.principal = event.principal;
        this.bootstrap = event.bootstrap;
        this.fenceKey = fenceKeyOf(event);
        this.createdAt = at;
        break;
      case "run_started":
        if (this.title === "") this.title = titleOf(event);
        this.run = newRun(event, at, this.inboxSeq);
        break;
      case "context_injected":
        this.inboxSeq = event.inboxSeq;
        break;
      case "context_trimmed":
        this.windowFromSeq = event.fromSeq;
        break;
      case "run_finished":
        this.#endRun(event);
        break;
      default:
        if (event.type === "effect_finished") {
          this.#keepLabels(event);
          if (event.kept !== undefined) this.kept = { ...this.kept, ...event.kept };
        }
        if (this.run === undefined) break;
        keepTime(this.run, event, { before, at });
        applyToRun(this.run, event);
    }
  }

  #keepLabels(event: EffectFinished): void {
    if (event.values !== undefined) this.values = { ...this.values, ...event.values };
    if (event.tainted !== undefined) this.tainted = withTaint(this.tainted, event.tainted);
    const ids = artifactsOf(event);
    if (ids.length === 0) return;
    const label = joinLabels(...event.result.content.map((part) => part.label ?? workspaceLabel));
    const kept = Object.entries(this.artifacts).slice(-maxArtifacts);
    this.artifacts = Object.fromEntries([...kept, ...ids.map((id) => [id, label] as const)]);
  }

  #endRun(event: RunFinished): void {
    this.turns += 1;
    this.usage = addUsage(this.usage, event.usage);
    this.costMicroUsd += event.costMicroUsd;
    const run = this.run;
    if (run === undefined) return;
    // What a run took from the inbox leaves the history with it when no model answered: the next one takes it again.
    if (run.steps === 0) this.inboxSeq = run.inboxSeqBefore;
    run.activeMs = activeMsOf(run, this.updatedAt);
    delete run.activeSince;
    run.status = event.status;
    run.reason = event.reason;
    run.effects = [];
    delete run.answer;
  }

  /** The state as JSON; only between runs, so that it stays small. */
  toCheckpoint(): JsonObject {
    const { run, ...rest } = this;
    return json({ ...rest, run });
  }

  /** Makes a state out of {@link toCheckpoint}'s answer. */
  static fromCheckpoint(checkpoint: JsonObject): SessionState {
    return Object.assign(new SessionState(), structuredClone(checkpoint));
  }
}

/** What a person is asked about a call, or by the tool that carries it out. */
function openQuestions({ asked, answered, finished, inner = [] }: EffectState): readonly ApprovalRequested[] {
  if (finished !== undefined) return [];
  if (asked !== undefined && answered === undefined) return [asked];
  return inner.flatMap(openQuestions);
}

/** Forgotten artifacts are trusted no further than those of others. */
const maxArtifacts = 1_000;

function artifactsOf({ details }: EffectFinished): readonly string[] {
  const artifacts = details?.["artifacts"];
  if (!Array.isArray(artifacts)) return [];
  return artifacts.flatMap((one: unknown) =>
    isJsonObject(one) && typeof one["id"] === "string" ? [one["id"]] : [],
  );
}

/** The key of a session's fences; sessions of an older Tau have no secret, and their id has to do. */
export function fenceKeyOf({
  fenceKey,
  sessionId,
}: {
  readonly fenceKey?: string | undefined;
  readonly sessionId: string;
}): string {
  return fenceKey ?? sessionId;
}

function json(value: unknown): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(value));
  return copy;
}

const maxTitleChars = 200;

function titleOf({ prompt }: RunStarted): string {
  const line = textOf(prompt).replaceAll(/\s+/gu, " ").trim();
  return line.length > maxTitleChars ? `${line.slice(0, maxTitleChars - 1)}…` : line;
}

function newRun(event: RunStarted, at: number, inboxSeqBefore: number): RunState {
  return {
    runId: event.runId,
    agent: event.agent,
    principal: event.principal,
    limits: event.limits,
    environment: event.environment,
    profile: event.profile,
    startedAt: at,
    activeMs: 0,
    activeSince: at,
    inboxSeqBefore,
    status: "running",
    steps: 0,
    usage: noUsage,
    costMicroUsd: 0,
    effects: none,
  };
}

function applyToRun(run: RunState, event: SessionEvent): void {
  switch (event.type) {
    case "model_finished":
      applyAnswer(run, event);
      break;
    case "run_waiting":
      run.status = "waiting";
      break;
    case "run_resumed":
      run.status = "running";
      for (const effect of run.effects) {
        if (event.rerunEffects.includes(effect.effectId)) delete effect.started;
      }
      break;
    case "permission_decided":
    case "approval_requested":
    case "approval_answered":
    case "effect_started":
    case "effect_finished":
      applyToEffect(run, event);
      break;
    default:
      break;
  }
}

function applyToEffect(run: RunState, event: AnyEffectEvent): void {
  if (event.type === "approval_answered") run.status = "running";
  if (event.type === "effect_finished" && event.spent !== undefined) {
    run.usage = addUsage(run.usage, event.spent.usage);
    run.costMicroUsd += event.spent.costMicroUsd;
  }
  const effect = effectOf(run, event);
  if (effect === undefined) return;
  switch (event.type) {
    case "permission_decided":
      effect.decided = event;
      break;
    case "approval_requested":
      effect.asked = event;
      delete effect.answered;
      break;
    case "approval_answered":
      effect.answered = event;
      // Counts for one more start: a second crash finds that start, and asks again.
      if (event.answer === "rerun") delete effect.started;
      break;
    case "effect_started":
      effect.started = event;
      break;
    case "effect_finished":
      effect.finished = event;
      break;
    default:
      unreachable(event);
  }
}

type AnyEffectEvent =
  | ApprovalAnswered
  | ApprovalRequested
  | EffectFinished
  | EffectStarted
  | PermissionDecided;

function applyAnswer(run: RunState, event: ModelCallFinished): void {
  run.steps = event.step;
  run.usage = addUsage(run.usage, event.usage);
  run.costMicroUsd += event.costMicroUsd ?? 0;
  run.answer = event;
  run.effects = toolCallsOf(event.message).map((call, index) => ({
    effectId: effectIdOf(run.runId, event.step, index),
    call,
  }));
}

interface EffectEvent {
  readonly effectId: string;
  readonly callId?: string;
  readonly tool?: string;
}

function effectOf(run: RunState, event: EffectEvent): EffectState | undefined {
  for (const effect of run.effects) if (effect.effectId === event.effectId) return effect;
  return innerEffect(run, event);
}

/** A call that a tool made of another one is known by its events alone. */
function innerEffect(
  run: RunState,
  { effectId, callId = "", tool = "" }: EffectEvent,
): EffectState | undefined {
  const outer = run.effects.find((candidate) => effectId.startsWith(`${candidate.effectId}:`));
  if (outer === undefined) return undefined;
  const known = outer.inner?.find((candidate) => candidate.effectId === effectId);
  if (known !== undefined) return known;
  const effect: EffectState = {
    effectId,
    call: { type: "tool_call", id: callId, name: tool, arguments: "" },
  };
  (outer.inner ??= []).push(effect);
  return effect;
}
