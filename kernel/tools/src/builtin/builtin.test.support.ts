import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { rgPath } from "@vscode/ripgrep";

import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";
import { builtInTools } from "./built-in-tools.ts";
import type { BuiltInOptions } from "./built-in-tools.ts";

/** The built-in tools in a temporary workspace. */
export interface Workbench {
  readonly context: ToolContext;
  readonly workspace: string;
  /** Calls a tool as a model would and returns what the model reads. */
  use(tool: string, input: unknown): Promise<string>;
  run(tool: string, input: unknown): Promise<ToolRun>;
  /** Puts a file there behind the tools' back. */
  put(path: string, content: string | Uint8Array): Promise<void>;
  get(path: string): Promise<string>;
}

/** Makes a {@link Workbench}; `files` are in its workspace. */
export async function createWorkbench(
  files: Readonly<Record<string, string>> = {},
  rest: Partial<ToolContext> = {},
  options: BuiltInOptions = {},
): Promise<Workbench> {
  const context = await createWorkspaceContext(rest);
  const registry = createToolRegistry({ tools: builtInTools({ ripgrepPath: rgPath, ...options }) });
  const { workspace } = context.environment.info.profile;
  const bench: Workbench = {
    context,
    workspace,
    run: async (tool, input) => await registry.execute(toolCall(tool, input), context),
    use: async (tool, input) => resultText((await bench.run(tool, input)).result),
    put: async (path, content) => {
      const absolute = join(workspace, path);
      await mkdir(dirname(absolute), { recursive: true });
      await writeFile(absolute, content);
    },
    get: async (path) => await readFile(join(workspace, path), "utf8"),
  };
  for (const [path, content] of Object.entries(files)) await bench.put(path, content);
  return bench;
}
