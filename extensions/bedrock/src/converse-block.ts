import { respondToolName, StreamedText } from "@tau/agent/adapter";
import { isJsonObject, parseJson } from "@tau/core";
import type { AssistantPart, Citation, Json, JsonObject, ModelEvent, ThinkingPart } from "@tau/core";

import { listOf, objectOf, stringOf } from "./json-fields.ts";
import { toProviderData } from "./provider-data.ts";

/** One content block while it is being streamed. */
export interface ConverseBlock {
  /** What it counts as when the answer stops; absent for what is no call. */
  readonly call?: "tool" | "respond";
  /** The delta's one field. */
  delta(delta: JsonObject, events: ModelEvent[]): void;
  /** The whole part; absent for a block that says nothing. Events that are still missing go to `events`. */
  finish(events: ModelEvent[]): AssistantPart | undefined;
}

/** Text, and the sources on which all of it rests. */
export function textBlock(): ConverseBlock {
  const text = new StreamedText((piece) => ({ type: "text_delta", text: piece }));
  const citations: JsonObject[] = [];
  return {
    delta(delta, events) {
      if (isJsonObject(delta["citation"])) citations.push(delta["citation"]);
      else text.add(stringOf(delta["text"]), events);
    },
    finish() {
      if (text.isEmpty) return undefined;
      const part = { type: "text", text: text.toString() } as const;
      if (citations.length === 0) return part;
      return { ...part, citations: citations.map(toCitation), providerData: toProviderData({ citations }) };
    },
  };
}

/** Thinking, signed or encrypted as the vendor does it. `vendor` is who may see it again. */
export function reasoningBlock(vendor: string): ConverseBlock {
  const thinking = new StreamedText((text) => ({ type: "thinking_delta", text }));
  const redacted: Buffer[] = [];
  let signature = "";
  return {
    delta({ reasoningContent }, events) {
      const { text, signature: piece, redactedContent } = objectOf(reasoningContent);
      thinking.add(stringOf(text), events);
      signature += stringOf(piece);
      if (typeof redactedContent === "string") redacted.push(Buffer.from(redactedContent, "base64"));
    },
    finish() {
      const part: ThinkingPart = {
        type: "thinking",
        text: thinking.toString(),
        ...(signature === "" ? {} : { signature }),
        ...(redacted.length === 0 ? {} : { redacted: Buffer.concat(redacted).toString("base64") }),
      };
      // Claude's signatures are good wherever Claude runs.
      return vendor === "anthropic" && redacted.length === 0
        ? part
        : { ...part, providerData: toProviderData({ vendor }) };
    },
  };
}

/** A call, of a tool here, of the hidden one that gives the answer, or of one that runs at the provider. */
export function toolUseBlock(start: JsonObject, index: number, events: ModelEvent[]): ConverseBlock {
  // Without an id the result could not name its call.
  const id = stringOf(start["toolUseId"]) || `call_${index}`;
  const name = stringOf(start["name"]);
  if (start["type"] === "server_tool_use") return serverToolBlock(start);
  if (name === respondToolName) return respondBlock();
  const input = new StreamedText((fragment) => ({ type: "tool_call_delta", index, fragment }));
  events.push({ type: "tool_call_started", index, id, name });
  return {
    call: "tool",
    delta: (delta, into) => input.add(inputOf(delta), into),
    finish: () => ({
      type: "tool_call",
      id,
      name,
      arguments: input.isEmpty ? "{}" : input.toString(),
    }),
  };
}

function respondBlock(): ConverseBlock {
  const text = new StreamedText((piece) => ({ type: "text_delta", text: piece }));
  return {
    call: "respond",
    delta: (delta, events) => text.add(inputOf(delta), events),
    finish(events) {
      if (text.isEmpty) text.add("{}", events);
      return { type: "text", text: text.toString() };
    },
  };
}

function serverToolBlock(start: JsonObject): ConverseBlock {
  let input = "";
  return {
    delta(delta) {
      input += inputOf(delta);
    },
    finish() {
      const parsed = parseJson(input === "" ? "{}" : input);
      return itemPart("toolUse", { ...start, input: parsed.ok ? parsed.value : {} });
    },
  };
}

/** The result of a tool that ran at the provider. */
export function toolResultBlock(start: JsonObject): ConverseBlock {
  const content: Json[] = [];
  return {
    delta(delta) {
      content.push(...listOf(delta["toolResult"]));
    },
    finish: () => itemPart("toolResult", { ...start, content }),
  };
}

/** A picture that the model made. */
export function imageBlock(start: JsonObject): ConverseBlock {
  const bytes: Buffer[] = [];
  return {
    delta({ image }) {
      const piece = objectOf(objectOf(image)["source"])["bytes"];
      if (typeof piece === "string") bytes.push(Buffer.from(piece, "base64"));
    },
    finish() {
      if (bytes.length === 0) return undefined;
      const mediaType = `image/${stringOf(start["format"]) || "png"}`;
      return {
        type: "image",
        mediaType,
        source: { kind: "base64", data: Buffer.concat(bytes).toString("base64") },
      };
    },
  };
}

/** A block of which Tau only knows that it goes back. */
export function fixedBlock(part: AssistantPart | undefined): ConverseBlock {
  return { delta: () => undefined, finish: () => part };
}

/** What only the provider understands. */
export function itemPart(kind: string, item: JsonObject): AssistantPart {
  return { type: "provider_item", kind, providerData: toProviderData({ [kind]: item }) };
}

function inputOf(delta: JsonObject): string {
  return stringOf(objectOf(delta["toolUse"])["input"]);
}

function toCitation(citation: JsonObject): Citation {
  const location = objectOf(citation["location"]);
  const url = stringOf(objectOf(location["web"])["url"]);
  const title = stringOf(citation["title"]);
  const quote = listOf(citation["sourceContent"])
    .map((source) => stringOf(objectOf(source)["text"]))
    .join("");
  return {
    ...(url === "" ? {} : { url }),
    ...(title === "" ? {} : { title }),
    ...(quote === "" ? {} : { quote }),
  };
}
