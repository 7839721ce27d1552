import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished, StopReason, TauError } from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { listAt, objectAt, textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { wordGap } from "../sse/delta-gap.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { TextAccumulator } from "../text-accumulator.ts";
import { AnswerEvents } from "./answer-events.ts";
import { toParts } from "./output-item.ts";
import { readUsage } from "./usage.ts";

const answerGaps = [wordGap(["item_id"], (event) => [event["item_id"]])];

/** How the events of one model that only add text look. */
export function createTextPattern(): DeltaPattern {
  return new DeltaPattern(plainText, ['"delta":"', '"delta": "'], { answerGaps });
}

/** Decodes the events of one Responses stream. */
export class ResponsesDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  readonly #shortcut: DeltaShortcut;
  readonly #events = new AnswerEvents();
  readonly #items = new Map<number, JsonObject>();
  /** Everything said, for servers that do not repeat it in the end. */
  readonly #text = new TextAccumulator();
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
    return this.#events.take();
  }

  shortcut(text: string, offset: number): number {
    if (this.finished !== undefined) return -1;
    const behind = this.#shortcut.read(text, offset);
    if (behind !== -1) this.#say(this.#shortcut.text);
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined || event.data === "[DONE]") return;
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    const body = parsed.value;
    if (event.name === "error" || isError(body)) throw this.#toError(event.data);
    this.#apply(body);
    if (plainText(body) !== undefined) this.#shortcut.learn(event);
  }

  /** The protocol has an end marker of its own. */
  end(): void {}

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer) || !Array.isArray(answer["output"])) {
      throw this.#notTheProtocol("The answer has no output.");
    }
    this.#finish(answer);
  }

  #apply(body: JsonObject): void {
    const delta = textAt(body, "delta");
    switch (body["type"]) {
      case "response.created":
      case "response.queued":
      case "response.in_progress":
        this.#head(objectAt(body, "response"));
        break;
      case "response.output_item.added":
        this.#events.begin(indexOf(body), objectAt(body, "item"));
        break;
      case "response.output_text.delta":
      case "response.refusal.delta":
        this.#events.heard(indexOf(body));
        this.#say(delta);
        break;
      case "response.reasoning_summary_part.added":
        if (body["summary_index"] !== 0) this.#events.think("\n\n");
        break;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        this.#events.heard(indexOf(body));
        this.#events.think(delta);
        break;
      case "response.function_call_arguments.delta":
        this.#events.callDelta(indexOf(body), delta);
        break;
      case "response.output_item.done":
        this.#done(indexOf(body), objectAt(body, "item"));
        break;
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled":
        this.#finish(objectAt(body, "response"));
        break;
      default: // The progress of tools that run at the provider, and events of a newer protocol.
    }
  }

  #head(response: JsonObject): void {
    this.#model = textAt(response, "model") || this.#model;
    this.#id = textAt(response, "id") || this.#id;
  }

  #say(text: string): void {
    this.#text.add(text);
    this.#events.say(text);
  }

  #done(index: number, item: JsonObject): void {
    this.#items.set(index, item);
    const text = this.#events.end(index, item);
    if (text !== "") this.#text.add(text);
  }

  #finish(response: JsonObject): void {
    this.#head(response);
    this.#refuseUnfinished(response);
    const told = listAt(response, "output").filter(isJsonObject);
    // Some servers leave the output of the last event empty.
    const items = told.length > 0 ? told : this.#itemsInOrder();
    this.#events.endAll(items);
    const parts = items.flatMap((item) => toParts(item, this.#identity.provider));
    const text = this.#text.toString();
    if (items.length === 0 && text !== "") parts.push({ type: "text", text });
    if (parts.some((part) => part.type === "tool_call" && part.name === "")) {
      throw this.#notTheProtocol("A tool call has no name.");
    }
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts },
      usage: readUsage(response),
      stopReason: stopReasonOf(response, items),
      model: this.#model === "" ? this.#identity.model : this.#model,
      ...(this.#id === undefined ? {} : { responseId: this.#id }),
    };
    this.#events.finish(this.finished);
  }

  #itemsInOrder(): readonly JsonObject[] {
    return [...this.#items].toSorted(([a], [b]) => a - b).map(([, item]) => item);
  }

  #refuseUnfinished(response: JsonObject): void {
    const { status, error } = response;
    if (status === "failed" || isJsonObject(error)) throw this.#toError(JSON.stringify({ error }));
    if (status === "cancelled") throw modelError("model.cancelled", this.#identity);
    if (status !== "queued" && status !== "in_progress") return;
    throw modelError("model.truncated", this.#identity, {
      class: "permanent",
      sentence: "goes on with its answer in the background. Leave `background` out of providerOptions",
    });
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}

function stopReasonOf(response: JsonObject, items: readonly JsonObject[]): StopReason {
  if (response["status"] === "incomplete") {
    return objectAt(response, "incomplete_details")["reason"] === "content_filter"
      ? "content_filtered"
      : "length";
  }
  if (items.some(({ type }) => type === "function_call" || type === "custom_tool_call")) return "tool_calls";
  const refused = items.some((item) =>
    listAt(item, "content").some((content) => isJsonObject(content) && content["type"] === "refusal"),
  );
  return refused ? "content_filtered" : "stop";
}

/** vLLM's errors have nothing around them; those of others are texts. */
function isError(body: JsonObject): boolean {
  return body["type"] === "error" || body["object"] === "error" || (body["error"] ?? null) !== null;
}

/** The text of an event that only adds text to the answer. */
function plainText(body: Json): string | undefined {
  if (!isJsonObject(body) || body["type"] !== "response.output_text.delta") return undefined;
  return isError(body) ? undefined : textAt(body, "delta") || undefined;
}

function indexOf(body: JsonObject): number {
  return typeof body["output_index"] === "number" ? body["output_index"] : 0;
}
