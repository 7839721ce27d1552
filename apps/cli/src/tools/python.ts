import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { findProgram } from "../find-program.ts";
import type { Settings } from "../settings.ts";

/** `python`: the machine's own in a sandbox, else one in WebAssembly that has nothing to give away. */
export const pythonFile: ExtraToolsFile = {
  async open(settings) {
    const tool =
      jailedPython(settings) === undefined
        ? (await import("@tau/python")).createPyodideTool()
        : (await import("@tau/tools")).createPythonTool();
    return { name: "python", description: "Python.", tools: () => [tool] };
  },
  async check(settings) {
    const found = jailedPython(settings);
    if (found !== undefined) return { result: "ok", detail: `${found}, in the sandbox` };
    const why = settings.environment === "host" ? "there is no sandbox" : "there is no python3";
    return {
      result: "ok",
      detail: `Pyodide, because ${why}: the standard library, without the workspace's files`,
    };
  },
};

/** Without a sandbox, a script of the model's is nothing that should run beside a person's files. */
function jailedPython(settings: Settings): string | undefined {
  return settings.environment === "host" ? undefined : findProgram("python3", settings);
}
