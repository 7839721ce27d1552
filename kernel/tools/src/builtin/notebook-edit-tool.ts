import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import type { AppliedEdits } from "./apply-edits.ts";
import { changeFile } from "./change-file.ts";
import { openFile, placeOf } from "./open-file.ts";
import { toLf } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { workspacePath } from "./workspace-path.ts";

interface NotebookEditInput {
  readonly path: string;
  readonly cell: number;
  readonly action?: "replace" | "insert" | "delete";
  readonly source?: string;
  readonly type?: "code" | "markdown";
}

/** Makes the tool that changes one cell of a Jupyter notebook. */
export function createNotebookEditTool(): Tool {
  return defineTool<NotebookEditInput>({
    name: "notebook_edit",
    description:
      "Changes one cell of a Jupyter notebook (.ipynb) that you have read: replaces its source, inserts a cell behind it (0: at the beginning), or deletes it. Outputs of a replaced code cell are cleared.",
    input: {
      type: "object",
      properties: {
        path: { type: "string", minLength: 1 },
        cell: { type: "integer", minimum: 0, description: "Number of the cell, from 1, as read shows it." },
        action: { type: "string", enum: ["replace", "insert", "delete"], description: "Default: replace." },
        source: { type: "string", description: "The whole source of the cell." },
        type: { type: "string", enum: ["code", "markdown"], description: "Of a new cell. Default: code." },
      },
      required: ["path", "cell"],
      additionalProperties: false,
    },
    sideEffect: "compensable",
    timeoutMs: 30_000,
    access: ({ path }, workspace) => [{ kind: "write", path: workspacePath(workspace, path) }],
    execute: async (input, context) => {
      const file = await openFile(await placeOf(input.path, context), context);
      return await changeFile(file, (name, before) => changeCell(name, before, input), context);
    },
  });
}

function changeCell(name: string, before: TextFile, input: NotebookEditInput): AppliedEdits {
  const parsed = parseJson(before.text);
  const notebook = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const { cells } = notebook;
  if (!Array.isArray(cells))
    throw new TauError("file.not_text", `${name} is not a Jupyter notebook of version 4. Use edit.`);
  const changed = withChange(cells, input);
  const indent = /^\{\r?\n( +|\t)/u.exec(before.text)?.[1] ?? " ";
  const text = `${JSON.stringify({ ...notebook, cells: changed }, undefined, indent)}\n`;
  return { text, places: [{ start: 0, end: toLf(before.text).length }], notes: [] };
}

function withChange(cells: readonly Json[], input: NotebookEditInput): readonly Json[] {
  const { cell: number, action = "replace", source, type = "code" } = input;
  const invalid = (problem: string): TauError => new TauError("tool.invalid_arguments", problem);
  if (number > cells.length || (number === 0 && action !== "insert"))
    throw invalid(`cell: is ${number}, but the notebook has the cells 1 to ${cells.length}.`);
  if (action === "delete") return cells.toSpliced(number - 1, 1);
  if (source === undefined) throw invalid("source: is missing; it is the whole source of the cell.");
  if (action === "insert") return cells.toSpliced(number, 0, newCell(type, source));
  const old = cells[number - 1];
  if (!isJsonObject(old)) throw invalid(`cell: ${number} is none that can be changed.`);
  const cleared = old["cell_type"] === "code" ? { outputs: [], execution_count: null } : {};
  return cells.with(number - 1, { ...old, ...cleared, source: sourceLines(source) });
}

function newCell(type: "code" | "markdown", source: string): JsonObject {
  const common = { cell_type: type, metadata: {}, source: sourceLines(source) };
  return type === "code" ? { ...common, execution_count: null, outputs: [] } : common;
}

function sourceLines(source: string): readonly string[] {
  return toLf(source).split(/(?<=\n)/u);
}
