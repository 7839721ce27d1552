import type { JsonObject, ModelEvent, ModelFinished } from "@tau/core";

import { textAt } from "../json-fields.ts";
import { argumentsOf, callIdOf, messageText, thinkingOf } from "./output-item.ts";

interface OpenCall {
  readonly index: number;
  hasArguments: boolean;
}

/**
 * The model events of one answer. Whatever a server does not stream in pieces is said whole when its item
 * ends, so that the events say what the finished message says.
 */
export class AnswerEvents {
  #events: ModelEvent[] = [];
  readonly #calls = new Map<number, OpenCall>();
  readonly #heard = new Set<number>();
  #spoke = false;
  #thought = false;

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  say(text: string): void {
    if (text === "") return;
    this.#spoke = true;
    this.#events.push({ type: "text_delta", text });
  }

  think(text: string): void {
    if (text === "") return;
    this.#thought = true;
    this.#events.push({ type: "thinking_delta", text });
  }

  /** The item at this output index comes in pieces. */
  heard(outputIndex: number): void {
    this.#heard.add(outputIndex);
  }

  /** An item begins; a call can be told from now on. */
  begin(outputIndex: number, item: JsonObject): void {
    if (isCall(item)) this.#open(outputIndex, item);
  }

  callDelta(outputIndex: number, fragment: string): void {
    const call = this.#calls.get(outputIndex);
    if (call === undefined || fragment === "") return;
    call.hasArguments = true;
    this.#events.push({ type: "tool_call_delta", index: call.index, fragment });
  }

  /** An item is whole; says what was not heard of it and answers the text among that. */
  end(outputIndex: number, item: JsonObject): string {
    if (isCall(item)) {
      const call = this.#open(outputIndex, item);
      if (!call.hasArguments) this.callDelta(outputIndex, argumentsOf(item));
      return "";
    }
    if (this.#heard.has(outputIndex)) return "";
    if (item["type"] === "reasoning") this.think(thinkingOf(item));
    if (item["type"] !== "message") return "";
    const text = messageText(item);
    this.say(text);
    return text;
  }

  /** The answer is whole; says of its items what nobody streamed. */
  endAll(items: readonly JsonObject[]): void {
    const [spoke, thought, called] = [this.#spoke, this.#thought, this.#calls.size > 0];
    for (const [index, item] of items.entries()) {
      const told = isCall(item) ? called : item["type"] === "reasoning" ? thought : spoke;
      if (!told) this.end(index, item);
    }
  }

  finish(finished: ModelFinished): void {
    this.#events.push(finished);
  }

  #open(outputIndex: number, item: JsonObject): OpenCall {
    const known = this.#calls.get(outputIndex);
    if (known !== undefined) return known;
    const call = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(outputIndex, call);
    const name = textAt(item, "name");
    this.#events.push({ type: "tool_call_started", index: call.index, id: callIdOf(item), name });
    return call;
  }
}

function isCall({ type }: JsonObject): boolean {
  return type === "function_call" || type === "custom_tool_call";
}
