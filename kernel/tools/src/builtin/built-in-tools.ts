import { createApplyPatchTool } from "../dialect/apply-patch-tool.ts";
import type { EditDialect } from "../dialect/edit-dialect.ts";
import { createStrReplaceTool } from "../dialect/str-replace-tool.ts";
import { createNotebookEditTool } from "./notebook-edit-tool.ts";
import { createAskUserTool } from "../person/ask-user-tool.ts";
import { createIdleTool } from "../person/idle-tool.ts";
import { createNotifyTool } from "../person/notify-tool.ts";
import { createTodoTool } from "../person/todo-tool.ts";
import type { Tool } from "../tool.ts";
import { createJobTools } from "../jobs/job-tools.ts";
import { createTerminalTool } from "../jobs/terminal-tool.ts";
import { createBashTool } from "./bash-tool.ts";
import type { BashOptions } from "./bash-tool.ts";
import { createEditTool } from "./edit-tool.ts";
import { createGlobTool } from "./glob-tool.ts";
import { createGrepTool } from "./grep-tool.ts";
import { createReadTool } from "./read-tool.ts";
import type { ReadOptions } from "./read-tool.ts";
import type { RipgrepOptions } from "./search-programs.ts";
import { createWriteTool } from "./write-tool.ts";

/** Options of {@link builtInTools}. */
export interface BuiltInOptions extends RipgrepOptions, ReadOptions {
  readonly bash?: BashOptions;
  /** How files are edited: see `editDialectOf`. Default `edit`. */
  readonly editDialect?: EditDialect;
}

/** Makes the built-in tools: bash with its jobs and terminals, edit, glob, grep, read, write, and those for a person. */
export function builtInTools(options: BuiltInOptions = {}): readonly Tool[] {
  return [
    createBashTool(options.bash),
    ...createJobTools(),
    createTerminalTool(),
    editTool(options.editDialect),
    createNotebookEditTool(),
    createGlobTool(options),
    createGrepTool(options),
    createReadTool(options),
    createWriteTool(),
    createAskUserTool(),
    createNotifyTool(),
    createTodoTool(),
    createIdleTool(),
  ];
}

function editTool(dialect: EditDialect = "edit"): Tool {
  if (dialect === "apply_patch") return createApplyPatchTool();
  return dialect === "str_replace" ? createStrReplaceTool() : createEditTool();
}
