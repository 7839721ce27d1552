import { joinLabels, systemLabel, userLabel, workspaceLabel } from "@tau/core";
import type {
  ApprovalAnswered,
  EffectKind,
  Label,
  PermissionDecided,
  Recorded,
  SessionEvent,
} from "@tau/core";

import { History } from "./history.ts";
import { isPlain } from "./show-message.ts";

/** One event on the way to a label or a decision. */
export interface Derived {
  readonly seq: number;
  /** What it brought: what somebody said, what a tool answered, what a model made of it, or a decision. */
  readonly what: "session" | "prompt" | "context" | "result" | "answer" | "decision";
  /** Of results and decisions. */
  readonly tool?: string;
  readonly callId?: string;
  /** Of what it brought; of a decision, of what the model had been shown when it asked. */
  readonly label: Label;
  /** Numbers of the events that the label comes from; none where it begins. */
  readonly because: readonly number[];
}

/** Why something is trusted as far as it is, or why a call was decided on as it was. */
export interface Why {
  /** What was asked about, then everything that it comes from, the newest first. */
  readonly steps: readonly [Derived, ...Derived[]];
  /** Of a call. */
  readonly decision?: Pick<PermissionDecided, "decision" | "reason" | "rule"> & {
    readonly kinds: readonly EffectKind[];
  };
  /** What a person, or the system for want of one, said to the question that the decision led to. */
  readonly answer?: Pick<ApprovalAnswered, "answer" | "by" | "note">;
}

/**
 * Derives the label of what an event brought, or the decision on a call, out of a session's events from the first on.
 * `target` is the number of an event, or the id of a call or an effect. Answers undefined when nothing there has a label.
 */
export function why(events: readonly Recorded[], target: number | string): Why | undefined {
  const derived = derive(events);
  const asked = typeof target === "number" ? target : seqOf(events, target);
  const first = derived.get(asked);
  if (first === undefined) return undefined;
  const found = new Set<number>();
  const open = [...first.because];
  for (let seq = open.pop(); seq !== undefined; seq = open.pop()) {
    if (found.has(seq)) continue;
    found.add(seq);
    open.push(...(derived.get(seq)?.because ?? []));
  }
  const rest = [...found].toSorted((a, b) => b - a).flatMap((seq) => derived.get(seq) ?? []);
  const event = events.find(({ seq }) => seq === asked)?.event;
  if (event?.type !== "permission_decided") return { steps: [first, ...rest] };
  const answer = answerTo(event, asked, events);
  return {
    steps: [first, ...rest],
    decision: decisionOf(event),
    ...(answer === undefined ? {} : { answer }),
  };
}

/** The first answer about the effect behind the decision: the next one belongs to the next decision. */
function answerTo(
  { effectId }: PermissionDecided,
  decidedAt: number,
  events: readonly Recorded[],
): Why["answer"] {
  for (const { seq, event } of events) {
    if (seq <= decidedAt || !("effectId" in event) || event.effectId !== effectId) continue;
    if (event.type === "permission_decided") return undefined;
    if (event.type !== "approval_answered") continue;
    const { answer, by, note } = event;
    return { answer, by, ...(note === undefined ? {} : { note }) };
  }
  return undefined;
}

function decisionOf({
  decision,
  reason,
  rule,
  kinds = ["read"],
}: PermissionDecided): NonNullable<Why["decision"]> {
  return { decision, reason, kinds, ...(rule === undefined ? {} : { rule }) };
}

/** The last decision on a call: the model may have used the id before, and a call may be decided on again. */
function seqOf(events: readonly Recorded[], call: string): number {
  const effects = new Set(events.flatMap(({ event }) => (isOf(event, call) ? [event.effectId] : [call])));
  return (
    events.findLast(({ event }) => event.type === "permission_decided" && effects.has(event.effectId))?.seq ??
    0
  );
}

function isOf(
  event: SessionEvent,
  call: string,
): event is Extract<SessionEvent, { type: "effect_finished" }> {
  return event.type === "effect_finished" && event.callId === call;
}

function derive(events: readonly Recorded[]): ReadonlyMap<number, Derived> {
  const history = new History();
  const derived = new Map<number, Derived>();
  /** By the number of a message of results: those of its results that are not plain. */
  const results = new Map<number, readonly number[]>();
  let session: readonly number[] = [];
  let step: number[] = [];
  let answer: number | undefined;
  for (const recorded of events) {
    const { seq, event } = recorded;
    if (event.type === "model_finished") {
      const shown = history.entries
        .filter(({ label }) => !isPlain(label))
        .flatMap((entry) => results.get(entry.seq) ?? [entry.seq]);
      add(derived, {
        seq,
        what: "answer",
        label: event.label ?? workspaceLabel,
        because: [...session, ...shown],
      });
      [answer, step] = [seq, []];
    } else {
      add(derived, partOf(recorded, answer));
    }
    if (event.type === "session_created" && !isPlain(bootstrapLabel(event.bootstrap))) session = [seq];
    const labelled = derived.get(seq);
    if (labelled?.what === "result" && !isPlain(labelled.label)) step.push(seq);
    history.apply(recorded);
    if (event.type === "effect_finished") results.set(seq, step);
  }
  return derived;
}

function add(derived: Map<number, Derived>, one: Derived | undefined): void {
  if (one !== undefined) derived.set(one.seq, one);
}

/** `answer` is the number of the event that asked for the calls of the step. */
function partOf({ seq, event }: Recorded, answer: number | undefined): Derived | undefined {
  switch (event.type) {
    case "session_created":
      return { seq, what: "session", label: bootstrapLabel(event.bootstrap), because: [] };
    case "run_started":
      return {
        seq,
        what: "prompt",
        label: joinLabels(userLabel, ...labelsIn(event.prompt.parts)),
        because: [],
      };
    case "context_injected":
      return { seq, what: "context", label: bootstrapLabel(event.entries), because: [] };
    case "effect_finished": {
      const { tool, callId } = event;
      const label = joinLabels(...event.result.content.map((part) => part.label ?? workspaceLabel));
      return { seq, what: "result", tool, callId, label, because: [] };
    }
    case "permission_decided": {
      const { tool, label = workspaceLabel } = event;
      return {
        seq,
        what: "decision",
        tool,
        label,
        because: answer === undefined || isPlain(label) ? [] : [answer],
      };
    }
    default:
      return undefined;
  }
}

function bootstrapLabel(entries: readonly { readonly label?: Label }[]): Label {
  return entries.length === 0 ? systemLabel : joinLabels(userLabel, ...labelsIn(entries));
}

function labelsIn(parts: readonly { readonly label?: Label }[]): readonly Label[] {
  return parts.flatMap((part) => part.label ?? []);
}
