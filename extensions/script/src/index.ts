export { scriptErrorCodes } from "./error-codes.ts";
export type { ScriptToolOptions } from "./script-tool.ts";
export { createScriptTool } from "./script-tool.ts";
