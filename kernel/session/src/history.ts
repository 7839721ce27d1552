import type {
  AssistantMessage,
  ContextEntry,
  Message,
  Recorded,
  ToolCallPart,
  ToolResultPart,
  UserMessage,
} from "@tau/core";
import { estimateTokens, toolCallsOf } from "@tau/core";

/** A message with the event that brought it. */
export interface HistoryEntry {
  readonly seq: number;
  readonly message: Message;
  /** Estimated tokens. */
  readonly tokens: number;
  /** Whether it is the prompt of a run: the only places where a history may be cut. */
  readonly startsTurn: boolean;
}

/**
 * The messages of a session: a fold of its events.
 *
 * Invariants, cited by the tests:
 * - H1. Every tool call has exactly one result, in the message after it, in the order of the calls.
 * - H2. A run that got no answer from a model leaves nothing.
 * - H3. Applying an event costs the same however long the history is.
 */
export class History {
  #entries: HistoryEntry[] = [];
  #tokens = 0;
  #runStart = 0;
  #answered = false;
  #openCalls: readonly ToolCallPart[] = [];
  #results = new Map<string, ToolResultPart>();

  /** Oldest first. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** Estimated tokens of all entries. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The messages, oldest first: a copy that later events do not change. */
  messages(): readonly Message[] {
    return this.#entries.map((entry) => entry.message);
  }

  apply({ seq, event }: Recorded): void {
    switch (event.type) {
      case "run_started":
        // A run whose end was never written, for example because the engine gave it up, ends here.
        this.#endRun(seq - 1);
        this.#runStart = this.#entries.length;
        this.#answered = false;
        this.#push(seq, event.prompt, true);
        break;
      case "context_injected":
        this.#push(seq, contextMessage(event.entries));
        break;
      case "model_finished":
        this.#answered = true;
        this.#push(seq, event.message);
        this.#open(event.message);
        break;
      case "effect_finished":
        this.#results.set(event.callId, event.result);
        this.#closeStep(seq);
        break;
      case "run_finished":
        this.#endRun(seq);
        break;
      case "context_trimmed":
        this.#trim(event.fromSeq);
        break;
      default:
        break;
    }
  }

  #push(seq: number, message: Message, startsTurn = false): void {
    const tokens = estimateTokens(message);
    this.#entries.push({ seq, message, tokens, startsTurn });
    this.#tokens += tokens;
  }

  #open(message: AssistantMessage): void {
    this.#openCalls = toolCallsOf(message);
    this.#results.clear();
  }

  #closeStep(seq: number): void {
    if (this.#openCalls.length === 0 || this.#results.size < this.#openCalls.length) return;
    const parts = this.#openCalls.map((call) => this.#results.get(call.id) ?? notRun(call));
    this.#openCalls = [];
    this.#push(seq, { role: "tool", parts });
  }

  #endRun(seq: number): void {
    if (!this.#answered) {
      for (const entry of this.#entries.splice(this.#runStart)) this.#tokens -= entry.tokens;
    } else if (this.#openCalls.length > 0) {
      for (const call of this.#openCalls) {
        if (!this.#results.has(call.id)) this.#results.set(call.id, notRun(call));
      }
      this.#closeStep(seq);
    }
  }

  #trim(fromSeq: number): void {
    const keep = this.#entries.findIndex((entry) => entry.seq >= fromSeq);
    const dropped = this.#entries.splice(0, keep === -1 ? this.#entries.length : keep);
    for (const entry of dropped) this.#tokens -= entry.tokens;
    this.#runStart = Math.max(0, this.#runStart - dropped.length);
  }
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

/** Shows entries to the model as data, each under its key. */
function contextMessage(entries: readonly ContextEntry[]): UserMessage {
  const text = entries.map(contextBlock).join("\n");
  return { role: "user", parts: [{ type: "text", text }] };
}

// However a model may read one: spaces and capitals do not make it another tag.
const fence = /<(\s*\/?\s*context\b)/giu;

/** One entry as a fenced block; the fence can neither be closed nor opened again from inside. */
export function contextBlock(entry: ContextEntry): string {
  const type = entry.contentType === undefined ? "" : ` type=${attribute(entry.contentType)}`;
  return `<context key=${attribute(entry.key)}${type}>\n${entry.content.replace(fence, "<\\$1")}\n</context>`;
}

/** A JSON string without the two characters that make tags. */
function attribute(value: string): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}
