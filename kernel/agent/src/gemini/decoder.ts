import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished, StopReason, TauError, Usage } from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { listAt, objectAt, objectsAt, textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { AnswerParts } from "./answer-parts.ts";
import { blockReasonName, finishReasonName, meaningOf } from "./finish-reason.ts";
import { withCitations } from "./grounding.ts";
import { answerGaps, countGaps, plainText } from "./plain-text.ts";
import { readUsage } from "./usage.ts";

/** A chunk as it came: `text.slice(start, end)`. */
interface Place {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const plainSaid = plainText(false);
const plainThought = plainText(true);
const markers = ['"text":"', '"text": "'];

/** How the chunks of one model that only add text look: to what it says, and to its thoughts. */
interface GeminiPatterns {
  readonly said: DeltaPattern;
  readonly thought: DeltaPattern;
}

export function createGeminiPatterns(): GeminiPatterns {
  const options = { gaps: countGaps, answerGaps };
  return {
    said: new DeltaPattern(plainSaid, markers, options),
    thought: new DeltaPattern(plainThought, markers, options),
  };
}

/** Decodes the chunks of one answer of `streamGenerateContent`; only the first candidate counts. */
export class GeminiDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  readonly #parts: AnswerParts;
  readonly #citations: JsonObject[] = [];
  #asides: Readonly<Record<string, JsonObject>> = {};
  #usage: Usage = noUsage;
  #finishReason = "";
  #finishMessage = "";
  #safetyRatings: readonly Json[] = [];
  #model = "";
  readonly #said: DeltaShortcut;
  readonly #thought: DeltaShortcut;
  #newest: Place | undefined;

  constructor(
    identity: ModelIdentity,
    toError: (body: string) => Error,
    patterns: GeminiPatterns = createGeminiPatterns(),
  ) {
    this.#said = new DeltaShortcut(patterns.said);
    this.#thought = new DeltaShortcut(patterns.thought);
    this.#identity = identity;
    this.#toError = toError;
    this.#parts = new AnswerParts(identity.provider);
  }

  take(): ModelEvent[] {
    return this.#parts.take();
  }

  shortcut(text: string, offset: number): number {
    const said = this.#said.read(text, offset);
    if (said !== -1) return this.#take("text", this.#said.text, { text, start: offset, end: said });
    const thought = this.#thought.read(text, offset);
    if (thought === -1) return -1;
    return this.#take("thinking", this.#thought.text, { text, start: offset, end: thought });
  }

  event(event: SseEvent): void {
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    this.#chunk(parsed.value);
    if (plainSaid(parsed.value) !== undefined) this.#said.learn(event);
    else if (plainThought(parsed.value) !== undefined) this.#thought.learn(event);
  }

  /** The protocol has no end marker: an answer is whole when a finish reason came and the response ended properly. */
  end(): void {
    if (this.#finishReason === "" || this.finished !== undefined) return;
    this.#readNewest();
    this.#finish();
  }

  /** Reads an answer of `generateContent`, or the list of chunks that streams without `alt=sse` are. */
  readAnswer(answer: Json): void {
    const chunks = (Array.isArray(answer) ? answer : [answer]).filter(isJsonObject);
    if (
      !chunks.some((chunk) =>
        ["candidates", "promptFeedback", "usageMetadata", "error"].some((name) => name in chunk),
      )
    ) {
      throw this.#notTheProtocol("The answer has no candidates.");
    }
    for (const chunk of chunks) this.#chunk(chunk);
  }

  #take(type: "text" | "thinking", text: string, place: Place): number {
    this.#newest = place;
    this.#parts.say(type, text);
    return place.end;
  }

  /** The usage that the newest of the chunks tells that nobody parsed. */
  #readNewest(): void {
    if (this.#newest === undefined) return;
    const { text, start, end } = this.#newest;
    this.#newest = undefined;
    const parsed = parseJson(text.slice(text.indexOf("{", start), end));
    if (parsed.ok && isJsonObject(parsed.value)) {
      this.#usage = readUsage(parsed.value["usageMetadata"]) ?? this.#usage;
    }
  }

  #chunk(chunk: JsonObject): void {
    if (isJsonObject(chunk["error"])) throw this.#toError(JSON.stringify(chunk));
    this.#model = textAt(chunk, "modelVersion") || this.#model;
    this.#parts.responseId = textAt(chunk, "responseId") || this.#parts.responseId;
    const usage = readUsage(chunk["usageMetadata"]);
    if (usage === undefined) this.#readNewest();
    else [this.#usage, this.#newest] = [usage, undefined];
    this.#refuseBlocked(objectAt(chunk, "promptFeedback"));
    const candidate = objectsAt(chunk, "candidates").find(({ index = 0 }) => index === 0);
    if (candidate !== undefined) this.#candidate(candidate);
  }

  #candidate(candidate: JsonObject): void {
    for (const part of objectsAt(objectAt(candidate, "content"), "parts")) {
      try {
        this.#parts.add(part);
      } catch (error) {
        throw error instanceof RangeError ? this.#notTheProtocol(error.message) : error;
      }
    }
    for (const kind of ["groundingMetadata", "urlContextMetadata"]) {
      const aside = objectAt(candidate, kind);
      if (Object.keys(aside).length > 0) this.#asides = { ...this.#asides, [kind]: aside };
    }
    const cited = objectAt(candidate, "citationMetadata");
    this.#citations.push(...objectsAt(cited, "citations"), ...objectsAt(cited, "citationSources"));
    this.#finishReason = finishReasonName(candidate["finishReason"]) || this.#finishReason;
    this.#finishMessage = textAt(candidate, "finishMessage") || this.#finishMessage;
    this.#safetyRatings = listAt(candidate, "safetyRatings");
  }

  #refuseBlocked(feedback: JsonObject): void {
    const reason = blockReasonName(feedback["blockReason"]);
    if (reason === "") return;
    throw modelError("model.content_filtered", this.#identity, {
      sentence: `refused the request because of its content filter (${reason.slice(0, 40)})`,
      details: { blockReason: reason.slice(0, 40) },
      cause: new Error(textAt(feedback, "blockReasonMessage")),
    });
  }

  #finish(): void {
    const stopReason = this.#stopReason();
    const grounding = this.#asides["groundingMetadata"] ?? {};
    for (const [kind, data] of Object.entries(this.#asides)) this.#parts.addAside(kind, data);
    const parts = withCitations(this.#parts.end(), { grounding, citations: this.#citations });
    const { responseId } = this.#parts;
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts },
      usage: this.#usage,
      stopReason,
      ...(stopReason === "content_filtered" ? { stopDetails: this.#stopDetails() } : {}),
      model: this.#model === "" ? this.#identity.model : this.#model,
      ...(responseId === undefined ? {} : { responseId }),
    };
    this.#parts.finish(this.finished);
  }

  /** What the filter says of itself, in Google's words. */
  #stopDetails(): JsonObject {
    return {
      finishReason: this.#finishReason,
      ...(this.#finishMessage === "" ? {} : { finishMessage: this.#finishMessage }),
      ...(this.#safetyRatings.length === 0 ? {} : { safetyRatings: this.#safetyRatings }),
    };
  }

  /** @throws TauError for an answer that is none */
  #stopReason(): StopReason {
    const name = this.#finishReason;
    const meaning = meaningOf(name);
    const isCalling = this.#parts.calls > 0;
    const options = {
      details: { finishReason: name.slice(0, 40) },
      cause: new Error(this.#finishMessage || name),
    };
    switch (meaning) {
      case "stop":
        return isCalling ? "tool_calls" : "stop";
      case "calls_or_failure":
        if (isCalling) return "tool_calls";
        throw modelError("model.malformed_tool_call", this.#identity, options);
      case "malformed_call":
        throw modelError("model.malformed_tool_call", this.#identity, options);
      case "missing_signature":
        throw modelError("model.invalid_request", this.#identity, {
          ...options,
          sentence: "misses the signature of a tool call. Send assistant messages back as they came",
        });
      case "unknown":
        throw modelError("model.truncated", this.#identity, {
          ...options,
          sentence: `stopped for a reason of its own (${name.slice(0, 40)}). Nothing of the answer is complete`,
        });
      default:
        return meaning;
    }
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}
