import { TauError, unreachable } from "@tau/core";

import { applyEdits, splice } from "../builtin/apply-edits.ts";
import type { AppliedEdits } from "../builtin/apply-edits.ts";
import { changeFile } from "../builtin/change-file.ts";
import { asText, openFile, placeOf, recordSeen } from "../builtin/open-file.ts";
import type { OpenFile } from "../builtin/open-file.ts";
import { linesOf, toLf } from "../builtin/text-file.ts";
import type { TextFile } from "../builtin/text-file.ts";
import { workspacePath } from "../builtin/workspace-path.ts";
import { createWriteTool } from "../builtin/write-tool.ts";
import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";

interface StrReplaceInput {
  readonly command: "view" | "create" | "str_replace" | "insert";
  readonly path: string;
  readonly view_range?: readonly number[];
  readonly file_text?: string;
  readonly old_str?: string;
  readonly new_str?: string;
  readonly insert_line?: number;
  readonly insert_text?: string;
}

const name = "str_replace_based_edit_tool";
const maxListed = 500;

/** Makes the text editor that models of Anthropic are taught, over the same core as `edit`. */
export function createStrReplaceTool(): Tool {
  const write = createWriteTool();
  return defineTool<StrReplaceInput>({
    name,
    description:
      "Views and edits text files. view: a file with line numbers, or a folder; create: a whole file; str_replace: a text that is in the file exactly once; insert: text after a line (0: at the beginning).",
    input: {
      type: "object",
      properties: {
        command: { type: "string", enum: ["view", "create", "str_replace", "insert"] },
        path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace." },
        view_range: { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
        file_text: { type: "string" },
        old_str: { type: "string" },
        new_str: { type: "string" },
        insert_line: { type: "integer", minimum: 0 },
        insert_text: { type: "string" },
      },
      required: ["command", "path"],
      additionalProperties: false,
    },
    sideEffect: "compensable",
    timeoutMs: 30_000,
    maxOutputChars: 100_000,
    access: ({ command, path }, workspace) => [
      { kind: command === "view" ? "read" : "write", path: workspacePath(workspace, path) },
    ],
    execute: async (input, context) => {
      switch (input.command) {
        case "view":
          return await view(input, context);
        case "create":
          return await write.execute(
            { path: input.path, content: needed(input.file_text, "file_text") },
            context,
          );
        case "str_replace": {
          const edit = { old: needed(input.old_str, "old_str"), new: input.new_str ?? "" };
          const file = await openFile(await placeOf(input.path, context), context);
          return await changeFile(file, (shown, before) => applyEdits(shown, before, [edit]), context);
        }
        case "insert": {
          const line = needed(input.insert_line, "insert_line");
          const text = needed(input.insert_text ?? input.new_str, "insert_text");
          const file = await openFile(await placeOf(input.path, context), context);
          return await changeFile(file, (_, before) => insertAfter(before, line, text), context);
        }
        default:
          return unreachable(input.command);
      }
    },
  });
}

function needed<Value>(value: Value | undefined, field: string): Value {
  if (value !== undefined) return value;
  throw new TauError("tool.invalid_arguments", `${field}: is missing; this command needs it.`);
}

function insertAfter(before: TextFile, line: number, inserted: string): AppliedEdits {
  const lf = toLf(before.text);
  const count = linesOf(lf).length;
  if (line > count) {
    throw new TauError("tool.invalid_arguments", `insert_line: is ${line}, but the file has ${count} lines.`);
  }
  let at = 0;
  for (let passed = 0; passed < line; passed++) at = lineEnd(lf, at);
  const gap = at > 0 && lf[at - 1] !== "\n" ? "\n" : "";
  const text = `${gap}${toLf(inserted).replace(/\n$/u, "")}\n`;
  const place = { start: at, end: at, text };
  return { text: splice(before, lf, [place]), places: [place], notes: [] };
}

function lineEnd(lf: string, from: number): number {
  const newline = lf.indexOf("\n", from);
  return newline === -1 ? lf.length : newline + 1;
}

async function view(input: StrReplaceInput, context: ToolContext): Promise<ToolOutput> {
  const place = await placeOf(input.path, context);
  const { kind } = await context.environment.stat(place.real, context.signal);
  if (kind === "directory") return await listFolder(place.real, place.shown, context);
  const file = await openFile(place, context);
  const { text } = asText(file);
  recordSeen(context, file, text);
  return numbered(file, linesOf(text), input.view_range);
}

function numbered(file: OpenFile, lines: readonly string[], range: readonly number[] = [1, -1]): ToolOutput {
  const [first = 1, end = -1] = range;
  const last = end === -1 ? lines.length : Math.min(end, lines.length);
  if (first < 1 || (first > last && lines.length > 0)) {
    throw new TauError(
      "tool.invalid_arguments",
      `view_range: [${range.join(", ")}] is not within the ${lines.length} lines of ${file.shown}.`,
    );
  }
  const shown = lines
    .slice(first - 1, last)
    .map((line, index) => `${String(first + index).padStart(6)}\t${line}`);
  return textOutput(shown.join("\n"), { details: { path: file.real, sha256: file.sha256 } });
}

async function listFolder(real: string, shown: string, context: ToolContext): Promise<ToolOutput> {
  const chunks: Uint8Array[] = [];
  await context.environment.exec(
    {
      argv: [
        "find",
        real,
        "-maxdepth",
        "2",
        "-mindepth",
        "1",
        "-not",
        "-path",
        "*/.*",
        "-not",
        "-path",
        "*/node_modules/*",
      ],
      timeoutMs: 20_000,
      readOnly: true,
      network: false,
      onOutput: (chunk) => chunks.push(chunk),
    },
    context.signal,
  );
  const paths = Buffer.concat(chunks).toString("utf8").trimEnd().split("\n").toSorted();
  const more = paths.length > maxListed ? `\n… ${paths.length - maxListed} more` : "";
  return textOutput(
    `Files and folders in ${shown}, two levels deep:\n${paths.slice(0, maxListed).join("\n")}${more}`,
  );
}
