import { isJsonObject, parseJson, uuidv7 } from "@tau/core";
import type {
  AssistantPart,
  Json,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  TauError,
  ToolCallPart,
} from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { objectAt, objectsAt, textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { TextAccumulator } from "../text-accumulator.ts";
import { toPartData } from "./part-data.ts";
import { readUsage } from "./usage.ts";

/** Older servers do not say why; `load` and `unload` answer a request without messages. */
const stopReasons: Readonly<Record<string, StopReason>> = {
  "": "stop",
  stop: "stop",
  length: "length",
  load: "stop",
  unload: "stop",
};

/** Decodes the lines of one `/api/chat` stream. */
export class OllamaDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  #events: ModelEvent[] = [];
  readonly #text = new TextAccumulator();
  readonly #thinking = new TextAccumulator();
  readonly #calls: ToolCallPart[] = [];
  /** Names the calls of servers that do not. */
  #createdAt = "";

  constructor(identity: ModelIdentity, toError: (body: string) => Error) {
    this.#identity = identity;
    this.#toError = toError;
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  shortcut(): number {
    return -1;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "A line of the stream is not an object." : parsed.reason);
    }
    this.#line(parsed.value);
  }

  /** The protocol has an end marker of its own: `done`. */
  end(): void {}

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer) || typeof answer["done"] !== "boolean") {
      throw this.#notTheProtocol("The answer has no `done`.");
    }
    this.#line(answer);
  }

  #line(line: JsonObject): void {
    if ((line["error"] ?? null) !== null) throw this.#toError(JSON.stringify(line));
    if (this.#createdAt === "") this.#createdAt = textAt(line, "created_at");
    const message = objectAt(line, "message");
    this.#think(textAt(message, "thinking"));
    this.#say(textAt(message, "content"));
    for (const call of objectsAt(message, "tool_calls")) this.#call(call);
    if (line["done"] === true) this.#finish(line);
  }

  #say(text: string): void {
    if (text === "") return;
    this.#text.add(text);
    this.#events.push({ type: "text_delta", text });
  }

  #think(text: string): void {
    if (text === "") return;
    this.#thinking.add(text);
    this.#events.push({ type: "thinking_delta", text });
  }

  #call(wire: JsonObject): void {
    const details = objectAt(wire, "function");
    const name = textAt(details, "name");
    if (name === "") throw this.#notTheProtocol("A tool call has no name.");
    const index = this.#calls.length;
    const given = textAt(wire, "id");
    const id = given || `call_${this.#createdAt.replaceAll(/\W/g, "") || uuidv7()}_${index}`;
    const { arguments: args } = details;
    const text = typeof args === "string" ? args || "{}" : JSON.stringify(args ?? {});
    this.#calls.push({ type: "tool_call", id, name, arguments: text });
    this.#events.push(
      { type: "tool_call_started", index, id, name },
      { type: "tool_call_delta", index, fragment: text },
    );
  }

  #finish(line: JsonObject): void {
    const parts: AssistantPart[] = [];
    if (!this.#thinking.isEmpty) {
      parts.push({ type: "thinking", text: this.#thinking.toString(), providerData: toPartData() });
    }
    if (!this.#text.isEmpty) parts.push({ type: "text", text: this.#text.toString() });
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts: [...parts, ...this.#calls] },
      usage: readUsage(line),
      stopReason: this.#stopReason(textAt(line, "done_reason")),
      model: textAt(line, "model") || this.#identity.model,
    };
    this.#events.push(this.finished);
  }

  #stopReason(doneReason: string): StopReason {
    const reason = Object.hasOwn(stopReasons, doneReason) ? stopReasons[doneReason] : undefined;
    if (reason === undefined) {
      throw modelError("model.truncated", this.#identity, {
        sentence: `stopped for a reason of its own (${doneReason.slice(0, 40)}). Nothing of the answer is complete`,
      });
    }
    return reason === "stop" && this.#calls.length > 0 ? "tool_calls" : reason;
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}
