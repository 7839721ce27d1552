import { isJsonObject } from "@tau/core";
import type { AssistantMessage, Citation, Json, JsonObject, ModelEvent } from "@tau/core";

import { utf16Offset } from "../openai-citation.ts";
import { TextAccumulator } from "../text-accumulator.ts";

/** The name of the protocol in provider data. */
export const cohereProtocol = "cohere";

interface Block {
  readonly kind: "text" | "thinking" | "plan";
  readonly text: TextAccumulator;
  readonly citations: JsonObject[];
}

/** The texts of one answer, block by block: the plan before tool calls, thoughts, and what is said. */
export class ContentBlocks {
  readonly #blocks: Block[] = [];
  readonly #byIndex = new Map<number, Block>();

  /** Adds a piece of the plan, which is one block and the first. */
  plan(text: string, events: ModelEvent[]): void {
    const first = this.#blocks[0];
    add(first?.kind === "plan" ? first : this.#open("plan"), text, events);
  }

  /** Begins the block at this index, or adds to it: both look alike. */
  content(index: number, content: JsonObject, events: ModelEvent[]): void {
    const kind = content["type"] === "thinking" || "thinking" in content ? "thinking" : "text";
    let block = this.#byIndex.get(index);
    if (block === undefined) this.#byIndex.set(index, (block = this.#open(kind)));
    const text = content[kind];
    if (typeof text === "string") add(block, text, events);
  }

  /** Cites for the block that the citation names; the only text, usually. */
  cite(citation: JsonObject): void {
    const index = citation["content_index"];
    const named = typeof index === "number" ? this.#byIndex.get(index) : undefined;
    const block = named?.kind === "text" ? named : this.#blocks.find(({ kind }) => kind === "text");
    block?.citations.push(citation);
  }

  toParts(): AssistantMessage["parts"] {
    return this.#blocks.flatMap(({ kind, text: pieces, citations: cited }): AssistantMessage["parts"] => {
      const text = pieces.toString();
      if (text === "") return [];
      if (kind === "thinking") return [{ type: "thinking", text }];
      if (kind === "plan") {
        return [{ type: "thinking", text, providerData: { protocol: cohereProtocol, data: { plan: true } } }];
      }
      const citations = cited.flatMap((citation) => toCitations(citation, text));
      return [{ type: "text", text, ...(citations.length === 0 ? {} : { citations }) }];
    });
  }

  #open(kind: Block["kind"]): Block {
    const block = { kind, text: new TextAccumulator(), citations: [] };
    this.#blocks.push(block);
    return block;
  }
}

function add(block: Block, text: string, events: ModelEvent[]): void {
  if (text === "") return;
  block.text.add(text);
  events.push({ type: block.kind === "text" ? "text_delta" : "thinking_delta", text });
}

/** One citation for each source. */
function toCitations(citation: JsonObject, text: string): readonly Citation[] {
  const start = utf16Offset(text, citation["start"]);
  const end = utf16Offset(text, citation["end"]);
  const sources = Array.isArray(citation["sources"]) ? citation["sources"].filter(isJsonObject) : [];
  return sources.map((source) => {
    const document = isJsonObject(source["document"]) ? source["document"] : {};
    const [url, title] = [textOf(document["url"]), textOf(document["title"]) ?? textOf(source["id"])];
    const quote = textOf(document["text"]) ?? textOf(document["snippet"]);
    return {
      ...(url === undefined ? {} : { url }),
      ...(title === undefined ? {} : { title }),
      ...(quote === undefined ? {} : { quote }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    };
  });
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
