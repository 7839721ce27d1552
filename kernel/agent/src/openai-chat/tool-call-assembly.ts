import type { JsonObject, ModelEvent, ToolCallPart } from "@tau/core";
import { isJsonObject } from "@tau/core";

import { TextAccumulator } from "../text-accumulator.ts";
import { toProviderData } from "./own-fields.ts";

interface OpenCall {
  readonly wireIndex: number;
  readonly index: number;
  id: string;
  name: string;
  started: boolean;
  /** The id is ours: it may still be told, too late. */
  isNamedHere: boolean;
  /** Another call has its place: without a name and arguments it is an empty piece of that one. */
  readonly mayBePiece: boolean;
  /** What Gemini wants back with its calls. */
  extraContent: JsonObject | undefined;
  readonly fragments: TextAccumulator;
  /** The first character of the arguments that is no blank. */
  first: string;
  /** The arguments may be whole: they end with a brace. */
  mayBeWhole: boolean;
}

/**
 * Assembles parallel tool calls out of deltas, in three stages: start, raw fragments, and the whole call
 * at the end. Nothing is parsed.
 */
export class ToolCallAssembly {
  readonly #calls: OpenCall[] = [];
  #count = 0;
  readonly #provider: string;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** Calls that have a name. */
  get count(): number {
    return this.#count;
  }

  /** Takes one element of `delta.tool_calls`. */
  add(delta: JsonObject, events: ModelEvent[]): void {
    const call = this.#find(delta);
    const details = isJsonObject(delta["function"]) ? delta["function"] : {};
    if (typeof delta["id"] === "string" && call.id === "") call.id = delta["id"];
    if (typeof details["name"] === "string" && !call.started) call.name += details["name"];
    if (isJsonObject(delta["extra_content"])) call.extraContent = delta["extra_content"];
    const sent = details["arguments"];
    // Some servers send the arguments as an object, already parsed.
    const text = isJsonObject(sent) ? JSON.stringify(sent) : sent;
    // Arguments that came before the name are told behind it.
    this.#tell(call, this.#start(call, events), events);
    if (typeof text !== "string" || text === "") return;
    call.fragments.add(text);
    if (call.first === "") call.first = text.trimStart().charAt(0);
    call.mayBeWhole = text.trimEnd().endsWith("}");
    this.#tell(call, text, events);
  }

  /** The whole calls, in the order in which they began. */
  finish(): ToolCallPart[] {
    const named = this.#calls.filter((call) => call.started);
    return named.map((call) => ({
      type: "tool_call",
      id: call.id,
      name: call.name,
      arguments: argumentsOf(call.fragments.toString()),
      ...(call.extraContent === undefined
        ? {}
        : { providerData: toProviderData(this.#provider, { extra_content: call.extraContent }) }),
    }));
  }

  /** Whether every call has the name that makes it one. */
  get isComplete(): boolean {
    return this.#calls.every((call) => call.started || (call.mayBePiece && call.fragments.isEmpty));
  }

  #tell({ started, index }: OpenCall, fragment: string, events: ModelEvent[]): void {
    if (started && fragment !== "") events.push({ type: "tool_call_delta", index, fragment });
  }

  /** Tells of the call once it has a name, and answers the arguments that came before. */
  #start(call: OpenCall, events: ModelEvent[]): string {
    if (call.started || call.name === "") return "";
    call.started = true;
    this.#count++;
    // Without an id the result could not name its call.
    if (call.id === "") {
      call.id = `call_${call.index}`;
      call.isNamedHere = true;
    }
    events.push({ type: "tool_call_started", index: call.index, id: call.id, name: call.name });
    return call.fragments.toString();
  }

  #find(delta: JsonObject): OpenCall {
    const id = typeof delta["id"] === "string" ? delta["id"] : "";
    const last = this.#calls.at(-1);
    const wireIndex = typeof delta["index"] === "number" ? delta["index"] : undefined;
    const isHere = (call: OpenCall): boolean => wireIndex === undefined || call.wireIndex === wireIndex;
    const known =
      this.#calls.findLast((call) => id !== "" && call.id === id && isHere(call)) ??
      (wireIndex === undefined ? last : this.#calls.findLast(isHere));
    // Some servers give every parallel call the index 0, or none; a new id begins a new call.
    if (known !== undefined && (id === "" || known.id === "" || known.id === id)) return known;
    // Older vLLM makes an id for each piece of a call, and a piece may be empty.
    if (known !== undefined && isPieceOf(known, delta)) {
      return this.#calls.findLast((call) => call.started && isHere(call)) ?? known;
    }
    const call: OpenCall = {
      wireIndex: wireIndex ?? this.#calls.length,
      index: this.#calls.length,
      id,
      name: "",
      started: false,
      isNamedHere: false,
      mayBePiece: known !== undefined,
      extraContent: undefined,
      fragments: new TextAccumulator(),
      first: "",
      mayBeWhole: false,
    };
    this.#calls.push(call);
    return call;
  }
}

/** Whether what has an id of its own belongs to the call before, as it cannot be the beginning of another. */
function isPieceOf(call: OpenCall, { function: details }: JsonObject): boolean {
  if (!isJsonObject(details)) return call.isNamedHere;
  const { name, arguments: sent } = details;
  if (typeof name !== "string" || name === "") {
    return call.isNamedHere || isJsonObject(sent) || (typeof sent === "string" && sent !== "");
  }
  // Only of an object it is known what cannot begin it: `null`, lists and encoded texts are whole calls of their own.
  if (name !== call.name || call.first !== "{" || typeof sent !== "string") return false;
  return (call.mayBeWhole ? /^\s*[,:}\]]/ : /^\s*[^\s{]/).test(sent);
}

/** A call without arguments has none, or says `null`. */
function argumentsOf(text: string): string {
  return text === "" || text.trim() === "null" ? "{}" : text;
}
