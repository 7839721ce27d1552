import type { Tool } from "@tau/tools";

import type { MemoryToolsOptions } from "./memory-context.ts";
import { createMemoryTool } from "./memory-tool.ts";
import { createNoteTool } from "./note-tool.ts";
import { createScratchpadTool } from "./scratchpad-tool.ts";
import { createMemorySearchTool } from "./search-tool.ts";

/** Makes all tools of a memory: `memory`, `memory_note`, `memory_search`, `scratchpad`. */
export function memoryTools(options: MemoryToolsOptions): readonly Tool[] {
  return [
    createMemoryTool(options),
    createNoteTool(options),
    createMemorySearchTool(options),
    createScratchpadTool(options),
  ];
}
