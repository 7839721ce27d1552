import { modelError } from "@tau/agent/adapter";
import type { AnswerDecoder, SseEvent } from "@tau/agent/adapter";
import { isJsonObject, parseJson } from "@tau/core";
import type {
  AssistantPart,
  Json,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  TauError,
  Usage,
} from "@tau/core";

import type { ConverseBodyOptions } from "./body-options.ts";
import {
  fixedBlock,
  imageBlock,
  itemPart,
  reasoningBlock,
  textBlock,
  toolResultBlock,
  toolUseBlock,
} from "./converse-block.ts";
import type { ConverseBlock } from "./converse-block.ts";
import { exceptionEvent } from "./event-stream-parser.ts";
import { listOf, objectOf, stringOf } from "./json-fields.ts";
import { toUsage } from "./usage.ts";
import { wholeBlockEvents } from "./whole-block.ts";

const stopReasons: ReadonlyMap<string, StopReason> = new Map([
  ["end_turn", "stop"],
  ["tool_use", "tool_calls"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["stop_sequence", "stop_sequence"],
  ["guardrail_intervened", "content_filtered"],
  ["content_filtered", "content_filtered"],
]);

/**
 * Decodes the events of one Converse stream. It is over when both the reason to stop and the usage were told:
 * a stream without the usage was cut.
 */
export class ConverseDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #options: Pick<ConverseBodyOptions, "identity" | "family">;
  readonly #toError: (body: string) => Error;
  readonly #blocks = new Map<number, ConverseBlock>();
  #events: ModelEvent[] = [];
  #toolCalls = 0;
  #responded = false;
  #stopReason: string | undefined;
  #usage: Usage | undefined;
  #trace: JsonObject | undefined;

  constructor(options: Pick<ConverseBodyOptions, "identity" | "family">, toError: (body: string) => Error) {
    this.#options = options;
    this.#toError = toError;
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** Frames are binary: there is no text to read ahead in. */
  shortcut(): number {
    return -1;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    if (event.name === exceptionEvent) throw this.#toError(event.data);
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    this.#apply(event.name, parsed.value);
  }

  /** The protocol has an end marker of its own. */
  end(): void {}

  readAnswer(answer: Json): void {
    const { output, stopReason, usage, trace } = objectOf(answer);
    const { message } = objectOf(output);
    if (!isJsonObject(message) || typeof stopReason !== "string")
      throw this.#notTheProtocol("The answer is no message.");
    for (const [contentBlockIndex, block] of listOf(message["content"]).entries()) {
      for (const { name, body } of wholeBlockEvents(objectOf(block)))
        this.#apply(name, { ...body, contentBlockIndex });
    }
    this.#apply("messageStop", { stopReason });
    this.#apply("metadata", { usage: usage ?? null, trace: trace ?? null });
  }

  #apply(name: string, body: JsonObject): void {
    switch (name) {
      case "contentBlockStart":
        this.#startBlock(indexOf(body), objectOf(body["start"]));
        break;
      case "contentBlockDelta": {
        const delta = objectOf(body["delta"]);
        this.#blockOf(indexOf(body), delta).delta(delta, this.#events);
        break;
      }
      case "messageStop":
        this.#stopReason = stringOf(body["stopReason"]);
        this.#finishIfOver();
        break;
      case "metadata":
        this.#usage = toUsage(body["usage"]);
        if (isJsonObject(body["trace"])) this.#trace = body["trace"];
        this.#finishIfOver();
        break;
      default: // `messageStart`, `contentBlockStop`, and events of a newer protocol.
    }
  }

  #startBlock(index: number, start: JsonObject): void {
    const { toolUse, toolResult, image } = start;
    if (isJsonObject(toolUse)) this.#add(index, toolUseBlock(toolUse, this.#toolCalls, this.#events));
    else if (isJsonObject(toolResult)) this.#add(index, toolResultBlock(toolResult));
    else if (isJsonObject(image)) this.#add(index, imageBlock(image));
    else {
      // What Tau has no words for, where an answer came whole. Text and thinking begin with their first delta.
      const [kind, item] = Object.entries(start).find(([, value]) => isJsonObject(value)) ?? [];
      if (kind !== undefined && isJsonObject(item)) this.#add(index, fixedBlock(itemPart(kind, item)));
    }
  }

  #add(index: number, block: ConverseBlock): ConverseBlock {
    if (block.call === "tool") this.#toolCalls++;
    if (block.call === "respond") this.#responded = true;
    this.#blocks.set(index, block);
    return block;
  }

  #blockOf(index: number, delta: JsonObject): ConverseBlock {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    if ("reasoningContent" in delta) return this.#add(index, reasoningBlock(this.#options.family.vendor));
    if ("text" in delta || "citation" in delta) return this.#add(index, textBlock());
    if ("toolUse" in delta) throw this.#notTheProtocol("A tool's input belongs to no call.");
    return this.#add(index, fixedBlock(undefined));
  }

  #finishIfOver(): void {
    if (this.#stopReason === undefined || this.#usage === undefined) return;
    const { identity } = this.#options;
    if (this.#stopReason.startsWith("malformed_")) {
      throw modelError("model.server_error", identity, {
        sentence: "could not read what its model wrote. Ask again",
        details: { providerCode: this.#stopReason },
      });
    }
    const parts: AssistantPart[] = [];
    for (const [, block] of [...this.#blocks].toSorted(([a], [b]) => a - b)) {
      const part = block.finish(this.#events);
      if (part?.type === "tool_call" && part.name === "") {
        throw this.#notTheProtocol("A tool call has no name.");
      }
      if (part !== undefined) parts.push(part);
    }
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts },
      usage: this.#usage,
      stopReason: this.#reason(this.#stopReason),
      model: identity.model,
      ...(this.#trace === undefined ? {} : { stopDetails: { trace: this.#trace } }),
    };
    this.#events.push(this.finished);
  }

  #reason(stopReason: string): StopReason {
    const reason = stopReasons.get(stopReason) ?? "stop";
    if (reason !== "stop" && reason !== "tool_calls") return reason;
    // The call of the hidden tool is the answer; some models say that their turn is over when they call a tool.
    return this.#toolCalls > 0 || (reason === "tool_calls" && !this.#responded) ? "tool_calls" : "stop";
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#options.identity, { cause: new Error(reason) });
  }
}

function indexOf(body: JsonObject): number {
  return typeof body["contentBlockIndex"] === "number" ? body["contentBlockIndex"] : 0;
}
