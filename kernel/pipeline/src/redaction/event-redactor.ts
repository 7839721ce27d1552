import type {
  AssistantMessage,
  AssistantPart,
  ModelEvent,
  ModelFinished,
  TextPart,
  ThinkingPart,
} from "@tau/core";
import type { CompiledPatterns } from "@tau/core/secrets";

import { redactFindings, redactText, TextRedactor } from "./text-redactor.ts";

/** Cuts secrets out of the events of one answer: out of its text and its thinking, and out of tool calls if told to. */
export class EventRedactor {
  readonly #patterns: CompiledPatterns;
  readonly #withToolCalls: boolean;
  readonly #text: TextRedactor;
  readonly #thinking: TextRedactor;
  /** By the index of the call; hardly any answer has one. */
  #calls: Map<number, TextRedactor> | undefined;

  constructor(patterns: CompiledPatterns, withToolCalls: boolean) {
    this.#patterns = patterns;
    this.#withToolCalls = withToolCalls;
    this.#text = new TextRedactor(patterns);
    this.#thinking = new TextRedactor(patterns);
  }

  /** Secrets cut out of the stream so far. */
  get findings(): number {
    let findings = this.#text.findings + this.#thinking.findings;
    for (const call of this.#calls?.values() ?? []) findings += call.findings;
    return findings;
  }

  /** The batch itself when there is nothing to hide; perhaps empty when all of it is held back. */
  redact(batch: readonly ModelEvent[]): readonly ModelEvent[] {
    let changed: ModelEvent[] | undefined;
    let unchanged = 0;
    for (const event of batch) {
      if (changed !== undefined) this.#add(event, changed);
      else if (!this.#passes(event)) {
        const events: ModelEvent[] = [];
        this.#add(event, events);
        if (events.length !== 1 || events[0] !== event) changed = [...batch.slice(0, unchanged), ...events];
      }
      unchanged++;
    }
    return changed ?? batch;
  }

  /** Takes an event that is handed on as it is, and tells so; takes nothing of any other. Quick with most of a text. */
  #passes(event: ModelEvent): boolean {
    if (event.type === "text_delta") return this.#thinking.isEmpty && this.#text.passes(event.text);
    return event.type === "thinking_delta" && this.#text.isEmpty && this.#thinking.passes(event.text);
  }

  #add(event: ModelEvent, events: ModelEvent[]): void {
    switch (event.type) {
      case "text_delta":
        this.#thinking.pause();
        return this.#addDelta(event, this.#text, events);
      case "thinking_delta":
        this.#text.pause();
        return this.#addDelta(event, this.#thinking, events);
      case "tool_call_started":
        // A secret that is said in halves around a call, or around thinking, is one all the same.
        this.#text.pause();
        this.#thinking.pause();
        events.push(event);
        return;
      case "tool_call_delta":
        return this.#addCallDelta(event, events);
      default:
        this.#endText(events);
        this.#endThinking(events);
        for (const [index, call] of this.#calls ?? []) {
          const fragment = call.end();
          if (fragment !== "") events.push({ type: "tool_call_delta", index, fragment });
        }
        events.push(redactFinished(event, this.#patterns, this.#withToolCalls));
    }
  }

  #addDelta(
    event: Extract<ModelEvent, { type: "text_delta" | "thinking_delta" }>,
    redactor: TextRedactor,
    events: ModelEvent[],
  ): void {
    const text = redactor.push(event.text);
    if (text === event.text) events.push(event);
    else if (text !== "") events.push({ type: event.type, text });
  }

  #addCallDelta(event: Extract<ModelEvent, { type: "tool_call_delta" }>, events: ModelEvent[]): void {
    if (!this.#withToolCalls) {
      events.push(event);
      return;
    }
    const { index } = event;
    const calls = (this.#calls ??= new Map());
    const redactor = calls.get(index) ?? new TextRedactor(this.#patterns);
    calls.set(index, redactor);
    const fragment = redactor.push(event.fragment);
    if (fragment === event.fragment) events.push(event);
    else if (fragment !== "") events.push({ type: "tool_call_delta", index, fragment });
  }

  #endText(events: ModelEvent[]): void {
    const text = this.#text.end();
    if (text !== "") events.push({ type: "text_delta", text });
  }

  #endThinking(events: ModelEvent[]): void {
    const text = this.#thinking.end();
    if (text !== "") events.push({ type: "thinking_delta", text });
  }
}

/** The last event without secrets; the same event when it has none. */
function redactFinished(
  event: ModelFinished,
  patterns: CompiledPatterns,
  withToolCalls: boolean,
): ModelFinished {
  const { parts: said } = event.message;
  const joined = joinSplitSecret(joinSplitSecret(said, "text", patterns), "thinking", patterns);
  const parts = joined.map((part) => redactPart(part, patterns, withToolCalls));
  const isSame = parts.length === said.length && parts.every((part, index) => part === said[index]);
  const message: AssistantMessage = { role: "assistant", parts };
  return isSame ? event : { ...event, message };
}

function redactPart(part: AssistantPart, patterns: CompiledPatterns, withToolCalls: boolean): AssistantPart {
  switch (part.type) {
    case "text":
      return redactTextPart(part, patterns);
    case "thinking":
      return redactThinking(part, patterns);
    case "tool_call": {
      const text = withToolCalls ? redactText(part.arguments, patterns) : part.arguments;
      return text === part.arguments ? part : { ...part, arguments: text };
    }
    default:
      return part;
  }
}

/** What cites places in the text loses them: they are other places now. */
function redactTextPart(part: TextPart, patterns: CompiledPatterns): TextPart {
  const text = redactText(part.text, patterns);
  if (text !== part.text) return { type: "text", text };
  const isClean = (cited = ""): boolean => redactText(cited, patterns) === cited;
  const citations = part.citations?.filter(
    ({ url, title, quote }) => isClean(url) && isClean(title) && isClean(quote),
  );
  if (citations === undefined || citations.length === part.citations?.length) return part;
  // As the provider wrote the part, it cites the secret too.
  return { type: "text", text, ...(citations.length === 0 ? {} : { citations }) };
}

/** A signature is for the text as it was: without it, the provider is not shown a forgery. */
function redactThinking(part: ThinkingPart, patterns: CompiledPatterns): ThinkingPart {
  const text = redactText(part.text, patterns);
  return text === part.text ? part : { type: "thinking", text };
}

/** A secret that lies across parts of one kind is one all the same: then all of their text becomes one part. */
function joinSplitSecret(
  parts: readonly AssistantPart[],
  type: "text" | "thinking",
  patterns: CompiledPatterns,
): readonly AssistantPart[] {
  if (parts.length < 2) return parts;
  const texts = parts.filter((part): part is TextPart | ThinkingPart => part.type === type);
  if (texts.length < 2) return parts;
  const whole = texts.map((part) => part.text).join("");
  let length = 0;
  const borders = texts.map((part) => (length += part.text.length));
  const findings = patterns.find(whole, 0);
  if (!findings.some(({ start, end }) => borders.some((border) => start < border && border < end)))
    return parts;
  const text = redactFindings(whole, findings);
  const [first] = texts;
  return parts.flatMap((part): readonly AssistantPart[] => {
    if (part.type !== type) return [part];
    return part === first ? [{ type, text }] : [];
  });
}
