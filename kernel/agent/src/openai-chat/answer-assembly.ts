import { isJsonObject } from "@tau/core";
import type { AssistantMessage, ImagePart, Json, JsonObject, ModelEvent } from "@tau/core";

import { TextAccumulator } from "../text-accumulator.ts";
import { toCitations, toImages } from "./answer-sources.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { chatProtocol, toProviderData } from "./own-fields.ts";
import { ReasoningDetails } from "./reasoning-details.ts";
import { ToolCallAssembly } from "./tool-call-assembly.ts";

// One for all: hardly any answer has items, and a map costs more than all else in here.
const noItems: ReadonlyMap<string, readonly Json[]> = new Map();
const nothing: readonly never[] = [];

/** Puts one answer together out of its deltas, or out of a whole message, which is one delta that says all. */
export class AnswerAssembly {
  /** The model refused, which is told as text. */
  refused = false;

  readonly #dialect: OpenAiChatDialect;
  readonly #provider: string;
  #events: ModelEvent[] = [];
  readonly #text = new TextAccumulator();
  // Made when they are needed, as most answers need none of them.
  #calls: ToolCallAssembly | undefined;
  #thinking: TextAccumulator | undefined;
  #details: ReasoningDetails | undefined;
  #images: ImagePart[] | undefined;
  #annotations: Json[] | undefined;
  #items: ReadonlyMap<string, readonly Json[]> = noItems;
  #sources: readonly Json[] = nothing;
  #extraContent: JsonObject | undefined;

  constructor(dialect: OpenAiChatDialect, provider: string) {
    this.#dialect = dialect;
    this.#provider = provider;
  }

  get calls(): ToolCallAssembly {
    return (this.#calls ??= new ToolCallAssembly(this.#provider));
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  push(event: ModelEvent): void {
    this.#events.push(event);
  }

  say(text: string): void {
    if (text === "") return;
    this.#text.add(text);
    this.#events.push({ type: "text_delta", text });
  }

  /** Sources that stand beside the choices; the last list told is the whole one. */
  sources(chunk: JsonObject): void {
    const results = listOf(chunk["search_results"]);
    const told = results.length > 0 ? results : listOf(chunk["citations"]);
    if (told.length > 0) this.#sources = told;
  }

  delta(delta: JsonObject, isWhole: boolean): void {
    this.#think(delta, isWhole);
    const content = delta["content"];
    const refusal = delta["refusal"];
    if (typeof content === "string") this.say(content);
    else for (const part of listOf(content)) this.#part(part);
    if (typeof refusal === "string" && refusal !== "") {
      this.refused = true;
      this.say(refusal);
    }
    for (const call of callsOf(delta)) this.calls.add(call, this.#events);
    for (const annotation of listOf(delta["annotations"])) (this.#annotations ??= []).push(annotation);
    const images = listOf(delta["images"]);
    if (images.length > 0) (this.#images ??= []).push(...toImages(images));
    for (const field of this.#dialect.itemFields) this.#addItems(field, listOf(delta[field]));
    if (isJsonObject(delta["extra_content"])) this.#extraContent = delta["extra_content"];
  }

  message(): AssistantMessage {
    const calls = this.calls.finish();
    const said = [
      ...this.#thinkingParts(),
      ...this.#providerParts(),
      ...this.#textParts(),
      ...(this.#images ?? nothing),
    ];
    return { role: "assistant", parts: said.length === 0 ? calls : [...said, ...calls] };
  }

  #think(delta: JsonObject, isWhole: boolean): void {
    const inDetails = this.#dialect.reasoningDetails
      ? (this.#details ??= new ReasoningDetails()).add(listOf(delta["reasoning_details"]), isWhole)
      : "";
    for (const field of this.#dialect.reasoningFields) {
      const thought = delta[field];
      if (typeof thought === "string" && thought !== "") return this.#addThinking(thought);
    }
    this.#addThinking(inDetails);
  }

  /** Mistral sends content as a list of parts when the model thinks. */
  #part(part: Json): void {
    if (!isJsonObject(part)) return;
    if (part["type"] === "text" && typeof part["text"] === "string") this.say(part["text"]);
    if (part["type"] !== "thinking") return;
    for (const thought of listOf(part["thinking"])) {
      if (isJsonObject(thought) && typeof thought["text"] === "string") this.#addThinking(thought["text"]);
    }
  }

  #addThinking(text: string): void {
    if (text === "") return;
    (this.#thinking ??= new TextAccumulator()).add(text);
    this.#events.push({ type: "thinking_delta", text });
  }

  /** A later item of the same number tells the result of the earlier one. */
  #addItems(field: string, items: readonly Json[]): void {
    if (items.length === 0) return;
    const known = [...(this.#items.get(field) ?? [])];
    for (const item of items) {
      const number = isJsonObject(item) ? item["index"] : undefined;
      const place = known.findIndex(
        (one) => number !== undefined && isJsonObject(one) && one["index"] === number,
      );
      if (place === -1) known.push(item);
      else known[place] = item;
    }
    this.#items = new Map(this.#items).set(field, known);
  }

  #thinkingParts(): AssistantMessage["parts"] {
    const text = this.#thinking?.toString() ?? "";
    const details = this.#details?.toList() ?? nothing;
    if (text === "" && details.length === 0) return nothing;
    const providerData = toProviderData(this.#provider, { reasoning_details: details });
    return [{ type: "thinking", text, ...(details.length === 0 ? {} : { providerData }) }];
  }

  #providerParts(): AssistantMessage["parts"] {
    if (this.#items.size === 0) return nothing;
    return [...this.#items].flatMap(([kind, items]) =>
      items
        .filter(isJsonObject)
        .map(
          (data) =>
            ({ type: "provider_item", kind, providerData: { protocol: chatProtocol, data } }) as const,
        ),
    );
  }

  #textParts(): AssistantMessage["parts"] {
    const text = this.#text.toString();
    if (text === "") return nothing;
    const citations = toCitations(this.#annotations ?? this.#sources, text);
    const extra = this.#extraContent;
    return [
      {
        type: "text",
        text,
        ...(citations.length === 0 ? {} : { citations }),
        ...(extra === undefined
          ? {}
          : { providerData: toProviderData(this.#provider, { extra_content: extra }) }),
      },
    ];
  }
}

/** The calls of a delta; before there were several, one stood in `function_call`. */
function callsOf(delta: JsonObject): readonly JsonObject[] {
  const listed = listOf(delta["tool_calls"]);
  const calls = listed.length === 0 ? nothing : listed.filter(isJsonObject);
  const legacy = delta["function_call"];
  if (calls.length > 0 || !isJsonObject(legacy)) return calls;
  // Snowflake sends an empty one beside everything.
  return (legacy["name"] ?? "") === "" && (legacy["arguments"] ?? "") === ""
    ? []
    : [{ index: 0, function: legacy }];
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : nothing;
}
