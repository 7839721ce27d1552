import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished, StopReason, TauError, Usage } from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { tokensIn } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { ToolCallAssembly } from "../openai-chat/tool-call-assembly.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { ContentBlocks } from "./content-blocks.ts";

const stopReasons: ReadonlyMap<string, StopReason> = new Map([
  ["COMPLETE", "stop"],
  ["STOP_SEQUENCE", "stop_sequence"],
  ["MAX_TOKENS", "length"],
  ["TOOL_CALL", "tool_calls"],
  ["ERROR_TOXIC", "content_filtered"],
]);

/** How the events of one model that only add text look. */
export function createTextPattern(): DeltaPattern {
  return new DeltaPattern(plainText, ['"text":"', '"text": "']);
}

/** Decodes the events of one stream of Cohere's. */
export class CohereDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  readonly #shortcut: DeltaShortcut;
  #plainIndex = 0;
  #events: ModelEvent[] = [];
  readonly #blocks = new ContentBlocks();
  readonly #calls: ToolCallAssembly;
  #started = false;
  #id: string | undefined;

  constructor(
    identity: ModelIdentity,
    toError: (body: string) => Error,
    pattern: DeltaPattern = createTextPattern(),
  ) {
    this.#shortcut = new DeltaShortcut(pattern);
    this.#identity = identity;
    this.#toError = toError;
    this.#calls = new ToolCallAssembly(identity.provider);
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  shortcut(text: string, offset: number): number {
    if (this.finished !== undefined) return -1;
    const behind = this.#shortcut.read(text, offset);
    if (behind !== -1) {
      this.#blocks.content(this.#plainIndex, { text: this.#shortcut.text }, this.#events);
    }
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined || event.data === "[DONE]") return;
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    const body = parsed.value;
    if (body["type"] === undefined) throw this.#toError(event.data);
    this.#apply(body, event.data);
    // The template holds the index of the block.
    if (plainText(body) !== undefined && this.#shortcut.learn(event)) this.#plainIndex = indexOf(body);
  }

  /** The protocol has an end marker of its own. */
  end(): void {}

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer) || !isJsonObject(answer["message"])) {
      throw this.#notTheProtocol("The answer has no message.");
    }
    const { message } = answer;
    this.#started = true;
    if (typeof answer["id"] === "string") this.#id = answer["id"];
    this.#message(0, { tool_plan: message["tool_plan"] ?? "" });
    for (const [index, content] of objectsIn(message["content"]).entries()) {
      this.#blocks.content(index, content, this.#events);
    }
    for (const [index, call] of objectsIn(message["tool_calls"]).entries()) {
      this.#calls.add({ ...call, index }, this.#events);
    }
    for (const citation of objectsIn(message["citations"])) this.#blocks.cite(citation);
    this.#finish(answer, JSON.stringify(answer));
  }

  #apply(body: JsonObject, data: string): void {
    const delta = objectOf(body["delta"]);
    switch (body["type"]) {
      case "message-start":
        // Two answers spliced together, as a failing proxy sends them: no part of either can be trusted.
        if (this.#started) throw this.#notTheProtocol("A second message began before the first one ended.");
        this.#started = true;
        if (typeof body["id"] === "string") this.#id = body["id"];
        break;
      case "message-end":
        this.#finish(delta, data);
        break;
      default: // What is inside the message, and events of a newer protocol.
        this.#message(indexOf(body), objectOf(delta["message"]));
    }
  }

  #message(index: number, message: JsonObject): void {
    const { tool_plan: plan, content, tool_calls: call, citations } = message;
    if (typeof plan === "string") this.#blocks.plan(plan, this.#events);
    if (isJsonObject(content)) this.#blocks.content(index, content, this.#events);
    if (isJsonObject(call)) this.#calls.add({ ...call, index }, this.#events);
    if (isJsonObject(citations)) this.#blocks.cite(citations);
  }

  #finish(end: JsonObject, data: string): void {
    if (!this.#started) throw this.#notTheProtocol("A message ended that never began.");
    const reason = typeof end["finish_reason"] === "string" ? end["finish_reason"] : "";
    const stopReason = stopReasons.get(reason);
    if (stopReason === undefined) throw this.#toError(data);
    if (!this.#calls.isComplete) throw this.#notTheProtocol("A tool call has no name.");
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts: [...this.#blocks.toParts(), ...this.#calls.finish()] },
      usage: readUsage(end["usage"]),
      stopReason,
      model: this.#identity.model,
      ...(this.#id === undefined ? {} : { responseId: this.#id }),
    };
    this.#events.push(this.finished);
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}

/** What was really read and written; `billed_units` leaves out what Cohere adds to the prompt. */
function readUsage(usage: Json | undefined): Usage {
  const told = objectOf(usage);
  const tokens = objectOf(told["tokens"] ?? told["billed_units"]);
  return {
    ...noUsage,
    inputTokens: tokensIn(tokens["input_tokens"]),
    outputTokens: tokensIn(tokens["output_tokens"]),
    cacheReadTokens: tokensIn(told["cached_tokens"]),
  };
}

/** The text of an event that only adds text to a block. */
function plainText(body: Json): string | undefined {
  if (!isJsonObject(body) || body["type"] !== "content-delta") return undefined;
  const content = objectOf(objectOf(objectOf(body["delta"])["message"])["content"]);
  const { text } = content;
  return typeof text === "string" && text !== "" && !("thinking" in content) ? text : undefined;
}

function indexOf(body: JsonObject): number {
  return typeof body["index"] === "number" ? body["index"] : 0;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
