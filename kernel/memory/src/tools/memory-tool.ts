import type { JsonObject } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool } from "@tau/tools";

import { runMemoryCommand } from "./memory-commands.ts";
import type { MemoryCommand } from "./memory-commands.ts";
import { memoryCall } from "./memory-context.ts";
import type { MemoryToolsOptions } from "./memory-context.ts";
import { MemoryToolError } from "./memory-paths.ts";

/**
 * Makes the tool `memory`: files of the agent's own below `/memories`, by the protocol `memory_20250818` that Anthropic's
 * models were taught; others get its schema. What it answers is in the words of that protocol.
 *
 * In a session that was shown untrusted text, writes become proposals in the inbox; deleting and renaming are refused.
 */
export function createMemoryTool(options: MemoryToolsOptions): Tool<MemoryCommand> {
  const path = { type: "string", description: "A path that begins with /memories." };
  const needs = (command: string, ...required: readonly string[]): JsonObject => ({
    properties: { command: { const: command } },
    required,
  });
  return defineTool<MemoryCommand>({
    name: "memory",
    description: `Keeps files between sessions below /memories. Look there before you begin, and write down what will be of use later: {"command": "view", "path": "/memories"}. Commands: view (path, view_range), create (path, file_text), str_replace (path, old_str, new_str), insert (path, insert_line, insert_text), delete (path), rename (old_path, new_path).`,
    input: {
      type: "object",
      properties: {
        command: { type: "string", enum: ["view", "create", "str_replace", "insert", "delete", "rename"] },
        path,
        view_range: {
          type: "array",
          items: { type: "integer" },
          minItems: 2,
          maxItems: 2,
          description: "First and last line to view; -1 is the end.",
        },
        file_text: { type: "string", description: "What the new file holds." },
        old_str: { type: "string", description: "What to replace; must be unique in the file." },
        new_str: { type: "string", description: "What to put in its place." },
        insert_line: { type: "integer", description: "The line behind which to insert; 0 is the beginning." },
        insert_text: { type: "string" },
        old_path: path,
        new_path: path,
      },
      required: ["command"],
      oneOf: [
        needs("view", "path"),
        needs("create", "path", "file_text"),
        needs("str_replace", "path", "old_str"),
        needs("insert", "path", "insert_line", "insert_text"),
        needs("delete", "path"),
        needs("rename", "old_path", "new_path"),
      ],
    },
    // Every change is recorded with the effect's key, and is not made again.
    sideEffect: "idempotent",
    native: [{ protocol: "anthropic", data: { type: "memory_20250818", name: "memory" } }],
    access: () => [{ kind: "other" }],
    async execute(input, context) {
      try {
        return textOutput(await runMemoryCommand(input, memoryCall(options, context)));
      } catch (error) {
        if (error instanceof MemoryToolError) return textOutput(error.message, { isError: true });
        throw error;
      }
    },
  });
}
