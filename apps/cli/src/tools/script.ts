import type { ExtraToolsFile } from "./extra-tools-file.ts";

/** `run_script`: a small program of the model calls tools. */
export const scriptFile: ExtraToolsFile = {
  async open() {
    const { createScriptTool } = await import("@tau/script");
    const tool = createScriptTool();
    return { name: "script", description: "Programs that call tools.", tools: () => [tool] };
  },
  check: async () => ({ result: "ok", detail: "run_script: QuickJS in a thread of its own" }),
};
