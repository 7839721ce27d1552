import type {
  AssistantMessage,
  Message,
  Recorded,
  SessionEvent,
  ShownContext,
  ToolCallPart,
  ToolResultPart,
} from "@tau/core";
import { estimateTokens, grown, joinLabels, systemLabel, toolCallsOf } from "@tau/core";

import { clearedResult } from "./cleared-result.ts";
import type { HistoryEntry } from "./history-entry.ts";
import { fenceKeyOf } from "./session-state.ts";
import { contextMessage, labelOf, showMessage } from "./show-message.ts";
import { fromWindowText, toWindowText } from "./window-text.ts";

const noCalls: readonly ToolCallPart[] = [];
const noMessages: readonly Message[] = [];

/**
 * The messages of a session: a fold of its events.
 *
 * Invariants, cited by the tests:
 * - H1. Every tool call has exactly one result, in the message after it, in the order of the calls.
 * - H2. A run that got no answer from a model leaves nothing.
 * - H3. Applying an event costs the same however long the history is.
 * - H4. An answer is trusted no further than everything that was shown when it was made: what is trimmed away stays in
 *   the label of what was derived from it.
 * - H5. A message is shown the same each time, byte for byte, until an event leaves it or a result in it out.
 */
export class History {
  #entries: HistoryEntry[] = [];
  /** What {@link messages} answered last, as long as its messages are still the oldest ones. */
  #messages: readonly Message[] = noMessages;
  #tokens = 0;
  #runStart = 0;
  #answered = false;
  #openCalls: readonly ToolCallPart[] = noCalls;
  // Made by the first call: a run that is held open holds them.
  #results: Map<string, ToolResultPart> | undefined;
  #callIds: Set<string> | undefined;
  #label = systemLabel;
  #acted = false;
  #actedNow = false;
  /** Effects that tell somebody outside something, though their tool changes nothing. */
  #external: Set<string> | undefined;
  #fenceKey: string;

  /** `fenceKey`: the session's, where its first event is not among those that will be applied. */
  constructor(fenceKey = "") {
    this.#fenceKey = fenceKey;
  }

  /** The history that wrote this text, for which see {@link toText}; undefined when none did. */
  static fromText(text: string, fenceKey: string): History | undefined {
    const entries = fromWindowText(text);
    if (entries === undefined) return undefined;
    const history = new History(fenceKey);
    history.#entries = [...entries];
    history.#answered = true;
    for (const { message, tokens } of entries) {
      history.#tokens += tokens;
      if (message.role === "assistant") history.#know(toolCallsOf(message));
    }
    history.#relabel();
    return history;
  }

  /** What is shown, as text; only between runs: undefined while a call has no result. */
  toText(): string | undefined {
    return this.#openCalls.length > 0 || this.#actedNow ? undefined : toWindowText(this.#entries);
  }

  /** What a model is shown with these messages. */
  get shown(): ShownContext {
    return { label: this.#label, acted: this.#acted || this.#actedNow };
  }

  /** Oldest first. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** Estimated tokens of all entries. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Whether a call of this id is there, or was: results are told apart by it. */
  hasCall(id: string): boolean {
    return this.#callIds?.has(id) === true;
  }

  /** The messages, oldest first: later events do not change the answer. */
  messages(): readonly Message[] {
    const { length } = this.#messages;
    // Copied whole, not one by one: a step adds two messages to a thousand.
    if (length < this.#entries.length) {
      this.#messages = this.#messages.concat(this.#entries.slice(length).map(({ message }) => message));
    }
    return this.#messages;
  }

  /** Whether the bodies of events of this type say something about the messages. Of others, {@link pass} is enough. */
  static reads(type: string): boolean {
    return toldByBody.has(type);
  }

  /** Does what {@link apply} does, for an event whose body was not read. */
  pass(seq: number, type: string): void {
    if (type === "run_finished") this.#endRun(seq);
  }

  apply({ seq, event }: Recorded): void {
    switch (event.type) {
      case "session_created":
        this.#fenceKey = fenceKeyOf(event);
        break;
      case "run_started":
        // A run whose end was never written, for example because the engine gave it up, ends here.
        this.#endRun(seq - 1);
        this.#runStart = this.#entries.length;
        this.#answered = false;
        this.#push({
          seq,
          message: this.#show(event.prompt),
          label: labelOf(event.prompt),
          startsTurn: true,
        });
        break;
      case "context_injected": {
        const message = contextMessage(event.entries, this.#fenceKey);
        this.#push({ seq, message, label: labelOf(message) });
        break;
      }
      case "model_finished":
        this.#answered = true;
        this.#push({ seq, message: event.message, label: labelOf(event.message, event.label) });
        this.#open(event.message);
        break;
      case "permission_decided":
        if (event.kinds?.includes("external") === true) (this.#external ??= new Set()).add(event.effectId);
        break;
      case "effect_started":
        this.#actedNow ||= event.sideEffect !== "pure" || this.#external?.has(event.effectId) === true;
        break;
      case "effect_finished":
        // What a tool got from others that it called is for that tool alone.
        if (!this.#openCalls.some(({ id }) => id === event.callId)) break;
        (this.#results ??= new Map()).set(event.callId, event.result);
        this.#closeStep(seq);
        break;
      case "context_trimmed":
        // A window that is read again begins where it was trimmed to: nothing of it is left out then.
        if (this.#trim(event.fromSeq) || event.clearedCalls !== undefined) {
          this.#clear(new Set(event.clearedCalls));
          this.#relabel();
        }
        break;
      default:
        this.pass(seq, event.type);
    }
  }

  #show(message: Message): Message {
    return showMessage(message, this.#fenceKey);
  }

  #push({ seq, message, label, startsTurn = false, acted = false }: NewEntry): void {
    const tokens = estimateTokens(message);
    this.#entries = grown(this.#entries, { seq, message, label, acted, tokens, startsTurn });
    this.#tokens += tokens;
    if (label !== this.#label) this.#label = joinLabels(this.#label, label);
    this.#acted ||= acted;
  }

  /** What is not shown any more counts only where something was derived from it. */
  #relabel(): void {
    this.#label = joinLabels(...this.#entries.map(({ label }) => label));
    this.#acted = this.#entries.some(({ acted }) => acted);
  }

  #open(message: AssistantMessage): void {
    this.#openCalls = toolCallsOf(message);
    this.#know(this.#openCalls);
    this.#results = undefined;
  }

  #know(calls: readonly ToolCallPart[]): void {
    for (const { id } of calls) (this.#callIds ??= new Set()).add(id);
  }

  #closeStep(seq: number): void {
    const results = this.#results;
    if (this.#openCalls.length === 0 || (results?.size ?? 0) < this.#openCalls.length) return;
    const parts = this.#openCalls.map((call) => results?.get(call.id) ?? notRun(call));
    this.#openCalls = noCalls;
    const message: Message = { role: "tool", parts };
    this.#push({ seq, message: this.#show(message), label: labelOf(message), acted: this.#actedNow });
    this.#actedNow = false;
    this.#external = undefined;
  }

  #endRun(seq: number): void {
    if (!this.#answered) {
      this.#messages = noMessages;
      for (const entry of this.#entries.splice(this.#runStart)) this.#tokens -= entry.tokens;
      this.#relabel();
    } else if (this.#openCalls.length > 0) {
      for (const call of this.#openCalls) {
        const results = (this.#results ??= new Map());
        if (!results.has(call.id)) results.set(call.id, notRun(call));
      }
      this.#closeStep(seq);
    }
  }

  /** Answers whether something was dropped. */
  #trim(fromSeq: number): boolean {
    this.#messages = noMessages;
    const keep = this.#entries.findIndex((entry) => entry.seq >= fromSeq);
    const dropped = this.#entries.splice(0, keep === -1 ? this.#entries.length : keep);
    for (const entry of dropped) this.#tokens -= entry.tokens;
    this.#runStart = Math.max(0, this.#runStart - dropped.length);
    return dropped.length > 0;
  }

  #clear(calls: ReadonlySet<string>): void {
    for (const [index, entry] of this.#entries.entries()) {
      if (entry.message.role !== "tool") continue;
      const { parts: before } = entry.message;
      if (!before.some(({ callId }) => calls.has(callId))) continue;
      const parts = before.map((part) => (calls.has(part.callId) ? clearedResult(part) : part));
      const message: Message = { role: "tool", parts };
      const tokens = estimateTokens(message);
      this.#entries[index] = { ...entry, message, tokens, label: labelOf(message) };
      this.#tokens += tokens - entry.tokens;
    }
  }
}

const toldByBody: ReadonlySet<string> = new Set<SessionEvent["type"]>([
  "session_created",
  "run_started",
  "context_injected",
  "model_finished",
  "permission_decided",
  "effect_started",
  "effect_finished",
  "context_trimmed",
]);

interface NewEntry extends Pick<HistoryEntry, "seq" | "message" | "label"> {
  readonly startsTurn?: boolean;
  readonly acted?: boolean;
}

/** Says that a call was never run, so that the model does not believe it was. */
function notRun(call: ToolCallPart): ToolResultPart {
  return {
    type: "tool_result",
    callId: call.id,
    name: call.name,
    content: [{ type: "text", text: "Not run: the run ended before this call." }],
    isError: true,
  };
}
