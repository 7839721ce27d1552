import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { applyEdits } from "./apply-edits.ts";
import type { TextEdit } from "./apply-edits.ts";
import { changeFile } from "./change-file.ts";
import { openFile, placeOf } from "./open-file.ts";
import { workspacePath } from "./workspace-path.ts";

interface EditInput {
  readonly path: string;
  readonly edits: readonly TextEdit[];
}

/** Makes the tool that replaces texts in a file. */
export function createEditTool(): Tool {
  return defineTool<EditInput>({
    name: "edit",
    description:
      'Replaces texts in a file that you have read. Each "old" must be in the file exactly once, unless "replaceAll" is set: copy it exactly, with enough lines around it. All edits are matched against the file as it is now, and either all are applied or none.',
    input: {
      type: "object",
      properties: {
        path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace." },
        edits: {
          type: "array",
          minItems: 1,
          items: {
            type: "object",
            properties: {
              old: { type: "string", description: "The text to replace." },
              new: { type: "string", description: "What takes its place; empty to delete." },
              replaceAll: { type: "boolean", description: "Replace every occurrence. Default false." },
            },
            required: ["old", "new"],
            additionalProperties: false,
          },
        },
      },
      required: ["path", "edits"],
      additionalProperties: false,
    },
    // Running it twice is refused by the text that is no longer there, but it does not end the same.
    sideEffect: "compensable",
    timeoutMs: 30_000,
    access: ({ path }, workspace) => [{ kind: "write", path: workspacePath(workspace, path) }],
    execute: async ({ path, edits }, context) => {
      const file = await openFile(await placeOf(path, context), context);
      return await changeFile(file, (name, before) => applyEdits(name, before, edits), context);
    },
  });
}
