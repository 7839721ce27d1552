import { TauError } from "@tau/core";
import type { Label } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { createWordIndex } from "../search/word-index.ts";
import type { WordIndex } from "../search/word-index.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool } from "../tool.ts";
import type { Module } from "./module.ts";

/** A text that can be looked up. */
export interface KnowledgeDocument {
  /** How it is called when it is read: a path, a title. */
  readonly id: string;
  readonly text: string;
}

/** Where documents come from. */
export interface KnowledgeSource {
  /** Every document. Stops promptly when `signal` aborts. */
  read(signal: AbortSignal): AsyncIterable<KnowledgeDocument>;
}

/** Options of {@link createKnowledgeModule}. */
export interface KnowledgeOptions {
  readonly source: KnowledgeSource;
  /** How far to trust the documents; absent: as far as the workspace. */
  readonly label?: Label;
  /** Bytes of all documents; more than that is refused. Default 64 MB. */
  readonly maxBytes?: number;
}

/** Characters of a piece that is found by itself. */
const pieceChars = 1_500;

interface Piece {
  readonly id: string;
  readonly from: number;
  readonly text: string;
}

/** Makes the module that lets a model search documents by their words and read them: `knowledge_search`, `knowledge_read`. */
export function createKnowledgeModule(options: KnowledgeOptions): Module {
  const { source, label, maxBytes = 64 * 2 ** 20 } = options;
  const documents = new Map<string, string>();
  let pieces: readonly Piece[] = [];
  let index: WordIndex = createWordIndex([]);
  return {
    name: "knowledge",
    description: "Documents that can be searched and read.",
    async initialize(signal) {
      let bytes = 0;
      for await (const { id, text } of source.read(signal)) {
        signal.throwIfAborted();
        bytes += Buffer.byteLength(text);
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        documents.set(id, text);
      }
      pieces = [...documents].flatMap(([id, text]) => piecesOf(id, text));
      index = createWordIndex(
        pieces.map(({ id, text }) => [
          { text: id, weight: 2 },
          { text, weight: 1 },
        ]),
      );
    },
    async cleanup() {
      documents.clear();
      pieces = [];
      index = createWordIndex([]);
    },
    tools: () => [searchTool(() => ({ pieces, index }), label), readTool(documents, label)],
  };
}

function searchTool(
  current: () => { readonly pieces: readonly Piece[]; readonly index: WordIndex },
  label: Label | undefined,
): Tool<{ query: string; limit?: number }> {
  return defineTool<{ query: string; limit?: number }>({
    name: "knowledge_search",
    description:
      "Finds passages of the documents by their words, the best first. Read on with knowledge_read.",
    input: {
      type: "object",
      properties: {
        query: { type: "string", minLength: 1, maxLength: 2_000 },
        limit: { type: "integer", minimum: 1, maximum: 20, description: "Default 5." },
      },
      required: ["query"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    ...(label === undefined ? {} : { label }),
    execute: ({ query, limit = 5 }) => {
      const { pieces, index } = current();
      const found = index.find(query, limit).flatMap(({ at }) => pieces[at] ?? []);
      if (found.length === 0) return textOutput("No passage has these words. Try others.", { value: [] });
      const text = found
        .map(({ id, from, text: passage }) => `## ${id} (from character ${from})\n${passage}`)
        .join("\n\n");
      return textOutput(text, {
        value: found.map(({ id, from, text: passage }) => ({ id, from, text: passage })),
      });
    },
  });
}

function readTool(
  documents: ReadonlyMap<string, string>,
  label: Label | undefined,
): Tool<{ id: string; from?: number }> {
  return defineTool<{ id: string; from?: number }>({
    name: "knowledge_read",
    description: "Reads a document, from a character on: 20,000 characters at a time.",
    input: {
      type: "object",
      properties: { id: { type: "string" }, from: { type: "integer", minimum: 0 } },
      required: ["id"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    ...(label === undefined ? {} : { label }),
    execute: ({ id, from = 0 }) => {
      const text = documents.get(id);
      if (text === undefined) {
        throw new TauError(
          "knowledge.not_found",
          `There is no document ${JSON.stringify(id.slice(0, 200))}: use an id as knowledge_search gives it.`,
        );
      }
      const end = from + 20_000;
      const more = end < text.length ? `\n[It goes on: read from ${end}.]` : "";
      return `${text.slice(from, end)}${more}`;
    },
  });
}

/** Cuts at empty lines where it can, so that a passage is whole. */
function piecesOf(id: string, text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < text.length;) {
    const wanted = Math.min(text.length, from + pieceChars);
    const paragraph = wanted < text.length ? text.lastIndexOf("\n\n", wanted) : -1;
    const end = paragraph > from ? paragraph + 2 : wanted;
    pieces.push({ id, from, text: text.slice(from, end).trim() });
    from = end;
  }
  return pieces.filter((piece) => piece.text !== "");
}

function tooLarge(maxBytes: number): TauError {
  return new TauError(
    "knowledge.too_large",
    `The documents have more than ${maxBytes} bytes together: leave some out, or raise maxBytes.`,
  );
}
