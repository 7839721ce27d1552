import { isJsonObject, parseJson } from "@tau/core";
import type {
  AssistantPart,
  Json,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  TauError,
} from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { listOf, objectOf, stringOf } from "./block-data.ts";
import { containerPart } from "./container.ts";
import type { ContentBlock } from "./content-block.ts";
import { startBlock } from "./start-block.ts";
import { UsageCounter } from "./usage.ts";

const stopReasons: ReadonlyMap<string, StopReason> = new Map([
  ["end_turn", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["stop_sequence", "stop_sequence"],
  ["tool_use", "tool_calls"],
  ["pause_turn", "pause"],
  ["compaction", "pause"],
  ["refusal", "content_filtered"],
]);

interface PlacedBlock {
  readonly index: number;
  readonly block: ContentBlock;
}

/** How the events of one model that only add text look. */
export function createTextPattern(): DeltaPattern {
  return new DeltaPattern(plainText, ['"text":"', '"text": "']);
}

/** Decodes the events of one Messages stream. */
export class AnthropicDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  readonly #shortcut: DeltaShortcut;
  readonly #usage = new UsageCounter();
  readonly #blocks: PlacedBlock[] = [];
  readonly #open = new Map<number, ContentBlock>();
  #events: ModelEvent[] = [];
  #textBlock: ContentBlock | undefined;
  #toolCalls = 0;
  #started = false;
  #responded = false;
  #stopReason = "";
  #stopDetails: JsonObject | undefined;
  #container: JsonObject | undefined;
  #model = "";
  #id: string | undefined;

  constructor(
    identity: ModelIdentity,
    toError: (body: string) => Error,
    pattern: DeltaPattern = createTextPattern(),
  ) {
    this.#shortcut = new DeltaShortcut(pattern);
    this.#identity = identity;
    this.#toError = toError;
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  shortcut(text: string, offset: number): number {
    const block = this.#textBlock;
    if (block === undefined || this.finished !== undefined) return -1;
    const behind = this.#shortcut.read(text, offset);
    if (behind !== -1) block.delta({ type: "text_delta", text: this.#shortcut.text }, this.#events);
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    const body = parsed.value;
    if (event.name === "error" || body["type"] === "error") throw this.#toError(event.data);
    this.#apply(body);
    if (plainText(body) === undefined) return;
    // Together with the template, which holds the block's index.
    if (this.#shortcut.learn(event)) this.#textBlock = this.#open.get(indexOf(body));
  }

  /** The protocol has an end marker of its own. */
  end(): void {}

  readAnswer(answer: Json): void {
    if (objectOf(answer)["type"] !== "message") throw this.#notTheProtocol("The answer is no message.");
    this.#start(answer);
    this.#finish();
  }

  #apply(body: JsonObject): void {
    switch (body["type"]) {
      case "message_start":
        this.#start(body["message"]);
        break;
      case "content_block_start":
        this.#startBlock(body);
        break;
      case "content_block_delta":
        this.#blockOf(body).delta(objectOf(body["delta"]), this.#events);
        break;
      case "content_block_stop":
        this.#textBlock = undefined;
        break;
      case "message_delta":
        this.#readState(objectOf(body["delta"]));
        this.#usage.update(body["usage"]);
        break;
      case "message_stop":
        this.#finish();
        break;
      default: // `ping`, and events of a newer protocol, which says to ignore them.
    }
  }

  #start(message: Json | undefined): void {
    // Two answers spliced together, as a failing proxy sends them: no part of either can be trusted.
    if (this.#started) throw this.#notTheProtocol("A second message began before the first one ended.");
    this.#started = true;
    const start = objectOf(message);
    this.#model = stringOf(start["model"]);
    if (typeof start["id"] === "string") this.#id = start["id"];
    this.#readState(start);
    this.#usage.update(start["usage"]);
    // Usually empty; an answer that was continued at the provider may come whole.
    for (const [index, block] of listOf(start["content"]).entries()) {
      this.#startBlock({ index, content_block: block });
    }
  }

  /** What the beginning may say already and the end says for good. */
  #readState(state: JsonObject): void {
    this.#stopReason = stringOf(state["stop_reason"]) || this.#stopReason;
    if (isJsonObject(state["stop_details"])) this.#stopDetails = state["stop_details"];
    if (isJsonObject(state["container"])) this.#container = state["container"];
  }

  #startBlock(body: JsonObject): void {
    this.#textBlock = undefined;
    const start = objectOf(body["content_block"]);
    const block = startBlock(start, this.#toolCalls, this.#events);
    if (block.call === "tool") this.#toolCalls++;
    if (block.call === "respond") this.#responded = true;
    // Another model took over; what follows is its answer.
    if (start["type"] === "fallback") this.#model = stringOf(objectOf(start["to"])["model"]) || this.#model;
    // Some servers number every block alike; the one that began last is meant.
    this.#open.set(indexOf(body), block);
    this.#blocks.push({ index: indexOf(body), block });
  }

  #blockOf(body: JsonObject): ContentBlock {
    const block = this.#open.get(indexOf(body));
    if (block === undefined) throw this.#notTheProtocol("A delta belongs to no content block.");
    return block;
  }

  #finish(): void {
    if (!this.#started) throw this.#notTheProtocol("A message ended that never began.");
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts: this.#parts() },
      usage: this.#usage.toUsage(),
      stopReason: this.#reason(),
      model: this.#model === "" ? this.#identity.model : this.#model,
      ...(this.#id === undefined ? {} : { responseId: this.#id }),
      ...(this.#stopDetails === undefined ? {} : { stopDetails: this.#stopDetails }),
    };
    this.#events.push(this.finished);
  }

  #parts(): readonly AssistantPart[] {
    const parts: AssistantPart[] = [];
    for (const { block } of this.#blocks.toSorted((a, b) => a.index - b.index)) {
      const part = block.finish(this.#events);
      if (part?.type === "tool_call" && part.name === "") {
        throw this.#notTheProtocol("A tool call has no name.");
      }
      if (part !== undefined) parts.push(part);
    }
    if (this.#container !== undefined) parts.push(containerPart(this.#container));
    return parts;
  }

  #reason(): StopReason {
    const fallback = this.#toolCalls > 0 ? "tool_calls" : "stop";
    const reason = stopReasons.get(this.#stopReason) ?? fallback;
    // The call of the hidden tool is the answer.
    return reason === "tool_calls" && this.#responded && this.#toolCalls === 0 ? "stop" : reason;
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}

/** The text of an event that only adds text to a block. */
function plainText(body: Json): string | undefined {
  if (!isJsonObject(body) || body["type"] !== "content_block_delta") return undefined;
  const delta = objectOf(body["delta"]);
  const text = delta["text"];
  return delta["type"] === "text_delta" && typeof text === "string" && text !== "" ? text : undefined;
}

function indexOf(body: JsonObject): number {
  return typeof body["index"] === "number" ? body["index"] : 0;
}
