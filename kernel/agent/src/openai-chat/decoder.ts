import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type {
  AssistantMessage,
  Json,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  TauError,
  Usage,
} from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { TextAccumulator } from "../text-accumulator.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { ToolCallAssembly } from "./tool-call-assembly.ts";
import { readUsage } from "./usage.ts";

const stopReasons: Readonly<Record<string, StopReason>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filtered",
};

/** What a decoder needs to know about its call. */
export interface OpenAiDecoderOptions {
  readonly identity: ModelIdentity;
  readonly dialect: OpenAiChatDialect;
  /** Makes the error of an error event inside the stream. */
  readonly toError: (body: string) => Error;
}

/** Decodes the chunks of one Chat Completions stream; only the first choice counts. */
export class OpenAiChatDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #options: OpenAiDecoderOptions;
  readonly #shortcut: DeltaShortcut;
  #events: ModelEvent[] = [];
  readonly #text = new TextAccumulator();
  readonly #thinking = new TextAccumulator();
  readonly #calls = new ToolCallAssembly();
  #usage: Usage = noUsage;
  #finishReason: string | undefined;
  #refused = false;
  #model = "";
  #id: string | undefined;

  constructor(options: OpenAiDecoderOptions) {
    this.#options = options;
    this.#shortcut = new DeltaShortcut(plainContent, ['"content":"', '"content": "']);
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  shortcut(text: string, offset: number): number {
    if (this.finished !== undefined) return -1;
    const behind = this.#shortcut.read(text, offset);
    if (behind !== -1) this.#addText(this.#shortcut.text);
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    if (event.data === "[DONE]") {
      this.#finish();
      return;
    }
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    this.#chunk(parsed.value, event.data);
    if (plainContent(parsed.value) !== undefined) this.#shortcut.learn(event);
  }

  /** The response ended; a dialect without an end marker is finished if there was a finish reason. */
  end(): void {
    if (!this.#options.dialect.doneMarker && this.#finishReason !== undefined) this.#finish();
  }

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer) || !Array.isArray(answer["choices"])) {
      throw this.#notTheProtocol("The answer has no choices.");
    }
    const choices = listOf(answer["choices"]).map(toWholeDelta);
    this.#chunk({ ...answer, choices }, JSON.stringify(answer));
    this.#finish();
  }

  #chunk(chunk: JsonObject, data: string): void {
    if (chunk["error"] !== undefined && chunk["error"] !== null) throw this.#options.toError(data);
    if (typeof chunk["model"] === "string" && chunk["model"] !== "") this.#model = chunk["model"];
    if (typeof chunk["id"] === "string" && chunk["id"] !== "") this.#id = chunk["id"];
    this.#usage = readUsage(chunk) ?? this.#usage;
    for (const choice of listOf(chunk["choices"])) {
      if (isJsonObject(choice) && (choice["index"] ?? 0) === 0) this.#choice(choice, data);
    }
  }

  #choice(choice: JsonObject, data: string): void {
    const delta = choice["delta"];
    if (isJsonObject(delta)) this.#delta(delta);
    const reason = choice["finish_reason"];
    if (typeof reason !== "string" || reason === "") return;
    if (reason === "error") throw this.#options.toError(data);
    this.#finishReason = reason;
  }

  #delta(delta: JsonObject): void {
    for (const field of this.#options.dialect.reasoningFields) {
      const thought = delta[field];
      if (typeof thought !== "string" || thought === "") continue;
      this.#addThinking(thought);
      break;
    }
    const { content, refusal } = { content: delta["content"], refusal: delta["refusal"] };
    if (typeof content === "string") this.#addText(content);
    else for (const part of listOf(content)) this.#part(part);
    if (typeof refusal === "string" && refusal !== "") {
      this.#refused = true;
      this.#addText(refusal);
    }
    for (const call of listOf(delta["tool_calls"])) {
      if (isJsonObject(call)) this.#calls.add(call, this.#events);
    }
  }

  /** Mistral sends content as a list of parts when the model thinks. */
  #part(part: Json): void {
    if (!isJsonObject(part)) return;
    if (part["type"] === "text" && typeof part["text"] === "string") this.#addText(part["text"]);
    if (part["type"] !== "thinking") return;
    for (const thought of listOf(part["thinking"])) {
      if (isJsonObject(thought) && typeof thought["text"] === "string") this.#addThinking(thought["text"]);
    }
  }

  #addThinking(text: string): void {
    if (text === "") return;
    this.#thinking.add(text);
    this.#events.push({ type: "thinking_delta", text });
  }

  #addText(text: string): void {
    if (text === "") return;
    this.#text.add(text);
    this.#events.push({ type: "text_delta", text });
  }

  #finish(): void {
    const { identity } = this.#options;
    if (this.#finishReason === undefined) {
      throw modelError("model.truncated", identity, {
        cause: new Error("[DONE] came without a finish_reason."),
      });
    }
    if (!this.#calls.isComplete) {
      throw this.#notTheProtocol("A tool call has no name.");
    }
    this.finished = {
      type: "finished",
      message: this.#message(),
      usage: this.#usage,
      stopReason: this.#stopReason(this.#finishReason),
      model: this.#model === "" ? identity.model : this.#model,
      ...(this.#id === undefined ? {} : { responseId: this.#id }),
    };
    this.#events.push(this.finished);
  }

  #message(): AssistantMessage {
    const thinking = this.#thinking.toString();
    const text = this.#text.toString();
    return {
      role: "assistant",
      parts: [
        ...(thinking === "" ? [] : [{ type: "thinking", text: thinking } as const]),
        ...(text === "" ? [] : [{ type: "text", text } as const]),
        ...this.#calls.finish(),
      ],
    };
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#options.identity, { cause: new Error(reason) });
  }

  #stopReason(finishReason: string): StopReason {
    const reason = stopReasons[finishReason] ?? "stop";
    if (reason !== "stop") return reason;
    // OpenAI says "stop" when a tool was forced by name; others say it always.
    if (this.#calls.count > 0) return "tool_calls";
    return this.#refused ? "content_filtered" : "stop";
  }
}

/** A choice of a whole answer as the choice of a chunk that says everything at once. */
function toWholeDelta(choice: Json): Json {
  if (!isJsonObject(choice) || !isJsonObject(choice["message"])) return choice;
  const { message } = choice;
  // Whole calls have no index: each is one of its own, whatever its id.
  const calls = listOf(message["tool_calls"]).map((call, index) =>
    isJsonObject(call) ? { ...call, index } : call,
  );
  return { ...choice, delta: { ...message, tool_calls: calls } };
}

/** The text of a chunk that only adds content to the first choice. */
function plainContent(chunk: Json): string | undefined {
  if (!isJsonObject(chunk) || isSet(chunk["error"]) || isSet(chunk["usage"]) || isSet(chunk["x_groq"])) {
    return undefined;
  }
  const choices = listOf(chunk["choices"]);
  const choice = choices[0];
  if (choices.length !== 1 || !isJsonObject(choice) || (choice["index"] ?? 0) !== 0) return undefined;
  if (isSet(choice["finish_reason"])) return undefined;
  const delta = choice["delta"];
  if (!isJsonObject(delta)) return undefined;
  for (const field in delta) {
    if (field !== "content" && field !== "role" && isSet(delta[field])) return undefined;
  }
  return typeof delta["content"] === "string" && delta["content"] !== "" ? delta["content"] : undefined;
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
