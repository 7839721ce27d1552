import { uuidv7 } from "@tau/core";
import type { AssistantPart, JsonObject, ModelEvent, ToolCallPart } from "@tau/core";

import { objectAt, objectsAt, textAt, without } from "../json-fields.ts";
import { respondToolName } from "../output-shape/respond-tool.ts";
import { TextAccumulator } from "../text-accumulator.ts";
import { PartialArguments } from "./partial-arguments.ts";
import { toPartData } from "./part-data.ts";

interface OpenText {
  readonly type: "text" | "thinking";
  readonly text: TextAccumulator;
}

interface OpenCall {
  readonly place: number;
  readonly index: number;
  readonly call: Omit<ToolCallPart, "arguments">;
  readonly pieces: PartialArguments;
}

/**
 * The parts of one answer and the events that tell of them. Texts that follow each other become one part; one with a
 * signature stays a part of its own, because the provider wants it back just so.
 */
export class AnswerParts {
  /** The response's id, once it is known: calls without an id are named after it. */
  responseId: string | undefined;

  readonly #provider: string;
  readonly #parts: AssistantPart[] = [];
  #events: ModelEvent[] = [];
  #openText: OpenText | undefined;
  #openCall: OpenCall | undefined;
  #calls = 0;

  constructor(provider: string) {
    this.#provider = provider;
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Text that nothing else comes with. */
  say(type: "text" | "thinking", text: string): void {
    if (text === "") return;
    this.#tell(type, text);
    if (this.#openText?.type !== type) {
      this.#close();
      this.#openText = { type, text: new TextAccumulator() };
    }
    this.#openText.text.add(text);
  }

  /** @throws RangeError when a call has no name, or arguments that cannot be put together */
  add(part: JsonObject): void {
    if (part["functionCall"] !== undefined) this.#functionCall(part);
    else if (typeof part["text"] === "string") this.#text(part, part["text"]);
    else if (part["inlineData"] !== undefined && part["thought"] !== true) this.#media(part);
    else {
      const kind = Object.keys(part).find((name) => name !== "thoughtSignature" && name !== "thought");
      if (kind !== undefined) this.#push({ type: "provider_item", kind, providerData: this.#data(part) });
    }
  }

  /** Something about the whole answer that is shown to whoever wants it, and does not go back. */
  addAside(kind: string, data: JsonObject): void {
    const providerData = { protocol: "gemini", data: { provider: this.#provider, [kind]: data } };
    this.#push({ type: "provider_item", kind, providerData });
  }

  /** All parts; nothing may be added afterwards. */
  end(): readonly AssistantPart[] {
    this.#close();
    return this.#parts;
  }

  finish(event: ModelEvent): void {
    this.#events.push(event);
  }

  #text(part: JsonObject, text: string): void {
    const type = part["thought"] === true ? "thinking" : "text";
    const rest = without(part, "text");
    if (Object.keys(rest).every((name) => name === "thought")) {
      this.say(type, text);
      return;
    }
    if (text === "") {
      // A signature alone, as streams end: there is nothing to show, and it must go back.
      this.#push({ type: "provider_item", kind: "thoughtSignature", providerData: this.#data(part) });
      return;
    }
    this.#tell(type, text);
    this.#push({ type, text, providerData: this.#data(rest) });
  }

  /** What the provider wants back with a medium goes before it, so that its bytes are held once. */
  #media(part: JsonObject): void {
    const inline = objectAt(part, "inlineData");
    const mediaType = textAt(inline, "mimeType") || "application/octet-stream";
    const rest = without(part, "inlineData", "thought");
    if (Object.keys(rest).length > 0) {
      const head = { ...rest, inlineData: { mimeType: mediaType } };
      this.#push({ type: "provider_item", kind: "inlineData", providerData: this.#data(head) });
    }
    const type = mediaType.startsWith("image/") ? "image" : mediaType.startsWith("audio/") ? "audio" : "file";
    this.#push({ type, mediaType, source: { kind: "base64", data: textAt(inline, "data") } });
  }

  #functionCall(part: JsonObject): void {
    const wire = objectAt(part, "functionCall");
    const name = textAt(wire, "name");
    if (name === respondToolName) {
      this.say("text", JSON.stringify(objectAt(wire, "args")));
      return;
    }
    if (name !== "") this.#begin(part, wire, name);
    else if (wire["args"] !== undefined) throw new RangeError("A call has no name.");
    // Otherwise it may be the end of a call that ended already.
    for (const piece of objectsAt(wire, "partialArgs")) this.#openCall?.pieces.add(piece);
    if (wire["willContinue"] === true) return;
    this.#endCall(wire["partialArgs"] === undefined && name !== "" ? objectAt(wire, "args") : undefined);
  }

  #begin(part: JsonObject, wire: JsonObject, name: string): void {
    const index = this.#calls++;
    const given = textAt(wire, "id");
    const id = given || `${this.responseId ?? uuidv7()}_${index}`;
    const rest = without(part, "functionCall");
    const own = given === "" ? rest : { ...rest, functionCall: { id } };
    const providerData = Object.keys(own).length === 0 ? {} : { providerData: this.#data(own) };
    this.#close();
    this.#events.push({ type: "tool_call_started", index, id, name });
    const call = { type: "tool_call", id, name, ...providerData } as const;
    this.#openCall = { index, place: this.#parts.length, call, pieces: new PartialArguments() };
    this.#parts.push({ ...call, arguments: "{}" });
  }

  #endCall(whole: JsonObject | undefined): void {
    const open = this.#openCall;
    if (open === undefined) return;
    this.#openCall = undefined;
    const text = whole === undefined ? open.pieces.toString() : JSON.stringify(whole);
    this.#events.push({ type: "tool_call_delta", index: open.index, fragment: text });
    this.#parts[open.place] = { ...open.call, arguments: text };
  }

  #tell(type: "text" | "thinking", text: string): void {
    this.#events.push({ type: type === "text" ? "text_delta" : "thinking_delta", text });
  }

  #data(part: JsonObject): ReturnType<typeof toPartData> {
    return toPartData(this.#provider, part);
  }

  #push(part: AssistantPart): void {
    this.#close();
    this.#parts.push(part);
  }

  #close(): void {
    this.#endCall(undefined);
    const open = this.#openText;
    if (open === undefined) return;
    this.#openText = undefined;
    const text = open.text.toString();
    const data = open.type === "thinking" ? { providerData: this.#data({ thought: true }) } : {};
    this.#parts.push({ type: open.type, text, ...data });
  }
}
