export { pythonErrorCodes } from "./error-codes.ts";
export type { PyodideToolOptions } from "./pyodide-tool.ts";
export { createPyodideTool } from "./pyodide-tool.ts";
