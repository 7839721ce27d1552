import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished, StopReason, TauError, Usage } from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { DeltaTemplate } from "../sse/delta-template.ts";
import type { QuietEvents } from "../sse/quiet-events.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { AnswerAssembly } from "./answer-assembly.ts";
import { answerGaps, hasOnly, isFirst, isSet, listOf, silentFields } from "./chunk-fields.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { isFailure, meaningOf } from "./finish-reason.ts";
import type { ChunkNews } from "./quiet-chunks.ts";
import { readUsage } from "./usage.ts";

const contentMarkers = ['"content":"', '"content": "'];

/** How the chunks of one model that only add content look. */
export function createContentPattern(): DeltaPattern {
  return new DeltaPattern(plainContent, contentMarkers, { answerGaps });
}

/** What a decoder needs to know about its call. */
export interface OpenAiDecoderOptions {
  readonly identity: ModelIdentity;
  readonly dialect: OpenAiChatDialect;
  /** Makes the error of an error event inside the stream. */
  readonly toError: (body: string) => Error;
  /** What earlier answers of the model taught. Default: nothing. */
  readonly pattern?: DeltaPattern;
  /** The same of chunks that add nothing. Default: all of them are parsed. */
  readonly quiet?: QuietEvents<ChunkNews>;
}

/** Decodes the chunks of one Chat Completions stream; only the first choice counts. */
export class OpenAiChatDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #options: OpenAiDecoderOptions;
  /** Made for a stream; a whole answer has no use for it. */
  #shortcut: DeltaShortcut | undefined;
  readonly #answer: AnswerAssembly;
  #usage: Usage = noUsage;
  #finishReason: string | undefined;
  #model = "";
  #id: string | undefined;
  /** Whether the chunks that the shortcut takes were the last that told something. */
  #isTold = false;

  constructor(options: OpenAiDecoderOptions) {
    this.#options = options;
    this.#answer = new AnswerAssembly(options.dialect, options.identity.provider);
  }

  take(): ModelEvent[] {
    return this.#answer.take();
  }

  shortcut(text: string, offset: number): number {
    if (this.finished !== undefined) return -1;
    const shortcut = this.#shortcut;
    const behind = shortcut?.read(text, offset) ?? -1;
    if (shortcut === undefined || behind === -1) return this.#readQuiet(text, offset);
    this.#answer.say(shortcut.text);
    if (!this.#isTold) this.#tellAsTemplate(shortcut.template);
    return behind;
  }

  /** What a chunk tells that nobody parsed; those after it tell the same, until one does not. */
  #tellAsTemplate(template: DeltaTemplate | undefined): void {
    if (template !== undefined) this.#tell(template.event, template.id ?? template.event["id"]);
    this.#isTold = true;
  }

  #readQuiet(text: string, offset: number): number {
    const { quiet } = this.#options;
    const behind = quiet?.read(text, offset) ?? -1;
    if (quiet?.news === undefined || behind === -1) return -1;
    const { model, finishReason } = quiet.news;
    if (quiet.id !== "") this.#id = quiet.id;
    quiet.forget();
    this.#isTold = false;
    if (model !== "") this.#model = model;
    if (finishReason !== "") this.#finishReason = finishReason;
    this.#shortcut ??= this.#expecting(text, offset);
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    if (event.data === "[DONE]") {
      if (!this.#options.dialect.finishReason) this.#finishReason ??= "";
      this.#finish();
      return;
    }
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "An event of the stream is not an object." : parsed.reason);
    }
    if (event.name === "error") throw this.#options.toError(event.data);
    this.#isTold = false;
    const data = (): string => event.data;
    this.#head(parsed.value, data);
    for (const choice of listOf(parsed.value["choices"])) {
      if (isFirst(choice)) this.#choice(choice, { part: choice["delta"], isWhole: false, data });
    }
    if (plainContent(parsed.value) === undefined) {
      this.#shortcut ??= this.#expecting(event.text, event.start);
      this.#options.quiet?.learn(event, parsed.value);
    } else {
      this.#shortcut ??= new DeltaShortcut(this.#options.pattern ?? createContentPattern());
      this.#shortcut.learn(event);
    }
  }

  /** What follows the first event, at `offset`, may look as in earlier answers. */
  #expecting(text: string, offset: number): DeltaShortcut {
    const shortcut = new DeltaShortcut(this.#options.pattern ?? createContentPattern());
    shortcut.expect(text, offset);
    return shortcut;
  }

  /** The response ended; a dialect without an end marker is finished if there was a finish reason. */
  end(): void {
    if (!this.#options.dialect.doneMarker && this.#finishReason !== undefined) this.#finish();
  }

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer)) throw this.#notTheProtocol("The answer is not an object.");
    const data = (): string => JSON.stringify(answer);
    this.#head(answer, data);
    const choices = listOf(answer["choices"]).filter(isFirst);
    if (choices.length === 0) throw this.#notTheProtocol("The answer has no choices.");
    for (const choice of choices) {
      this.#choice(choice, { part: withCallNumbers(choice["message"]), isWhole: true, data });
    }
    // Some servers give no reason, or an empty one; JSON that can be parsed is whole.
    this.#finishReason ??= "";
    this.#finish();
  }

  #head(chunk: JsonObject, data: () => string): void {
    // vLLM's errors have nothing around them.
    const isError = (chunk["error"] ?? null) !== null || chunk["object"] === "error";
    if (isError) throw this.#options.toError(data());
    this.#usage = readUsage(chunk) ?? this.#usage;
    this.#tell(chunk, chunk["id"]);
  }

  /** What each chunk tells, whether or not it adds to the answer. */
  #tell(chunk: JsonObject, id: Json | undefined): void {
    if (typeof chunk["model"] === "string" && chunk["model"] !== "") this.#model = chunk["model"];
    if (typeof id === "string" && id !== "") this.#id = id;
    this.#answer.sources(chunk);
  }

  #choice(
    choice: JsonObject,
    {
      part,
      isWhole,
      data,
    }: { readonly part: Json | undefined; readonly isWhole: boolean; readonly data: () => string },
  ): void {
    if (isJsonObject(part)) this.#answer.delta(part, isWhole);
    const reason = choice["finish_reason"];
    if (typeof reason !== "string" || reason === "") return;
    if (isFailure(reason)) throw this.#options.toError(data());
    this.#finishReason = reason;
  }

  #finish(): void {
    const { identity } = this.#options;
    if (this.#finishReason === undefined) {
      throw modelError("model.truncated", identity, {
        cause: new Error("[DONE] came without a finish_reason."),
      });
    }
    if (!this.#answer.calls.isComplete) throw this.#notTheProtocol("A tool call has no name.");
    const finished: ModelFinished = {
      type: "finished",
      message: this.#answer.message(),
      usage: this.#usage,
      stopReason: this.#stopReason(this.#finishReason),
      model: this.#model === "" ? identity.model : this.#model,
    };
    this.finished = this.#id === undefined ? finished : { ...finished, responseId: this.#id };
    this.#answer.push(this.finished);
  }

  /** @throws TauError for an answer that broke */
  #stopReason(finishReason: string): StopReason {
    const reason = meaningOf(finishReason);
    if (reason === "broken") {
      const named = finishReason.slice(0, 40);
      throw modelError("model.truncated", this.#options.identity, {
        sentence: `gave its answer up (${named}). Nothing of it is complete`,
        details: { finishReason: named },
      });
    }
    if (reason !== "stop") return reason;
    // OpenAI says "stop" when a tool was forced by name; others say it always.
    if (this.#answer.calls.count > 0) return "tool_calls";
    return this.#answer.refused ? "content_filtered" : "stop";
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#options.identity, { cause: new Error(reason) });
  }
}

/** Calls of a whole message have no index: each is one of its own, whatever its id. */
function withCallNumbers(message: Json | undefined): Json | undefined {
  if (!isJsonObject(message)) return message;
  const calls = listOf(message["tool_calls"]);
  if (calls.length === 0) return message;
  const numbered = calls.map((call, index) => (isJsonObject(call) ? { ...call, index } : call));
  return { ...message, tool_calls: numbered };
}

/** The text of a chunk that only adds content to the first choice. */
function plainContent(chunk: Json): string | undefined {
  if (!isJsonObject(chunk) || isSet(chunk["error"]) || isSet(chunk["usage"]) || isSet(chunk["x_groq"])) {
    return undefined;
  }
  const choices = listOf(chunk["choices"]);
  const choice = choices[0];
  if (choices.length !== 1 || choice === undefined || !isFirst(choice)) return undefined;
  if (isSet(choice["finish_reason"])) return undefined;
  const delta = choice["delta"];
  if (!isJsonObject(delta)) return undefined;
  if (!hasOnly(delta, silentFields)) return undefined;
  return typeof delta["content"] === "string" && delta["content"] !== "" ? delta["content"] : undefined;
}
