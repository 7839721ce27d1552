import type { Tool } from "../tool.ts";
import { createBashTool } from "./bash-tool.ts";
import { createEditTool } from "./edit-tool.ts";
import { createGlobTool } from "./glob-tool.ts";
import { createGrepTool } from "./grep-tool.ts";
import { createReadTool } from "./read-tool.ts";
import type { RipgrepOptions } from "./ripgrep.ts";
import { createWriteTool } from "./write-tool.ts";

/** Makes the six built-in tools: bash, edit, glob, grep, read, write. */
export function builtInTools(options: RipgrepOptions = {}): readonly Tool[] {
  return [
    createBashTool(),
    createEditTool(),
    createGlobTool(options),
    createGrepTool(options),
    createReadTool(),
    createWriteTool(),
  ];
}
