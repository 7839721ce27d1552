import { joinLabels } from "@tau/core";
import type { TextPart } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool } from "@tau/tools";

import { notesPrefix } from "../notes/note.ts";
import type { Note } from "../notes/note.ts";
import { filesPrefix } from "../memory.ts";
import type { IndexHit } from "../search/search-index.ts";
import { memoryCall } from "./memory-context.ts";
import type { MemoryToolsOptions } from "./memory-context.ts";
import { nameOf } from "./memory-paths.ts";

interface SearchInput {
  readonly query: string;
  readonly limit?: number;
}

const defaultLimit = 8;
const mostHits = 20;

/** Makes the tool `memory_search`: finds notes that hold now, and files below `/memories`, by their words. */
export function createMemorySearchTool(options: MemoryToolsOptions): Tool<SearchInput> {
  return defineTool<SearchInput>({
    name: "memory_search",
    description: `Finds what was remembered in earlier sessions, by words: {"query": "deploy friday"}. "words in a row" in quotes, begin* for beginnings. Shows notes by id (read one with memory_note) and files below /memories (read one with memory).`,
    input: {
      type: "object",
      properties: {
        query: { type: "string", minLength: 1, maxLength: 500 },
        limit: { type: "integer", minimum: 1, maximum: mostHits },
      },
      required: ["query"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    async execute({ query, limit = defaultLimit }, context) {
      const { memory, signal } = memoryCall(options, context);
      // Notes that no longer hold are found, too, and left out here.
      const hits = await memory.search.search(query, limit * 3, signal);
      const current = new Map((await memory.notes.current(signal)).map((note) => [note.id, note]));
      const parts = hits.flatMap((hit) => shown(hit, current)).slice(0, limit);
      if (parts.length === 0)
        return textOutput("Nothing that was remembered has these words. Try others, or fewer.");
      return { content: parts };
    },
  });
}

/** A hit as a line of its own, so that each is trusted as far as what it shows. */
function shown({ path, snippet }: IndexHit, current: ReadonlyMap<string, Note>): readonly TextPart[] {
  if (path.startsWith(filesPrefix)) return [{ type: "text", text: `${nameOf(path)}: ${snippet}\n` }];
  const id = path.slice(notesPrefix.length).replace(/\.md$/u, "");
  const note = current.get(id);
  if (note === undefined) return [];
  const label = joinLabels(note.label, { ...note.label, origins: [`memory:${id}`] });
  return [{ type: "text", text: `${id} (${note.type}): ${note.summary} | ${snippet}\n`, label }];
}
