import { relative } from "node:path/posix";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { compileGlob } from "./glob-pattern.ts";
import { hiddenArgs, shown } from "./glob-tool.ts";
import { placeOf } from "./open-file.ts";
import type { Place } from "./open-file.ts";
import { ripgrep } from "./ripgrep.ts";
import type { RipgrepOptions } from "./ripgrep.ts";
import { workspacePath } from "./workspace-path.ts";

interface GrepInput {
  readonly pattern: string;
  readonly path?: string;
  readonly glob?: string;
  readonly literal?: boolean;
  readonly ignoreCase?: boolean;
  readonly context?: number;
  readonly filesOnly?: boolean;
  readonly hidden?: boolean;
}

const maxMatches = 100;
const maxFiles = 1000;
const maxLineChars = 500;

/** Makes the tool that searches the content of files. */
export function createGrepTool(options: RipgrepOptions = {}): Tool {
  const program = options.ripgrepPath ?? "rg";
  return defineTool<GrepInput>({
    name: "grep",
    description: `Searches the content of files with a regular expression (ripgrep, Rust syntax). Files that .gitignore names and binary files are left out. Shows up to ${maxMatches} matching lines as path:line:text, or up to ${maxFiles} paths with filesOnly.`,
    input: {
      type: "object",
      properties: {
        pattern: { type: "string", minLength: 1, description: "What to look for; matched line by line." },
        path: { type: "string", minLength: 1, description: "A folder or a file. Default: the workspace." },
        glob: { type: "string", minLength: 1, description: 'Only files that match, for example "*.ts".' },
        literal: { type: "boolean", description: "The pattern is plain text. Default false." },
        ignoreCase: { type: "boolean", description: "Default false." },
        context: {
          type: "integer",
          minimum: 0,
          maximum: 10,
          description: "Lines to show around each match.",
        },
        filesOnly: { type: "boolean", description: "Show only the paths of files with a match." },
        hidden: { type: "boolean", description: "Also hidden files and folders (but .git). Default false." },
      },
      required: ["pattern"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: 40_000,
    maxOutputChars: 100_000,
    access: ({ path }, workspace) => [{ kind: "read", path: workspacePath(workspace, path ?? ".") }],
    execute: async (input, context) => await search(program, input, context),
  });
}

async function search(program: string, input: GrepInput, context: ToolContext): Promise<ToolOutput> {
  const filter = input.glob === undefined ? undefined : compileGlob(input.glob);
  const place = await placeOf(input.path ?? ".", context);
  await context.environment.stat(place.real, context.signal);
  const sink = input.filesOnly === true ? fileSink(place) : lineSink(place);
  const { timedOut } = await ripgrep(
    {
      program,
      args: [...argsOf(input), "-e", input.pattern, "--", place.real],
      separator: input.filesOnly === true ? "\0" : "\n",
      onRecord: (record) => {
        const path = record.split("\0", 1)[0] ?? "";
        if (filter !== undefined && !filter(relative(place.real, path))) return true;
        return sink.add(path, record.slice(path.length + 1));
      },
    },
    context,
  );
  const notes = [
    ...(sink.full ? [`[Only the first ${sink.count} are shown. Use a narrower pattern, path or glob.]`] : []),
    ...(timedOut ? ["[The search took too long and is not complete. Use a narrower path.]"] : []),
  ];
  const text =
    sink.lines.length === 0 ? `No matches for ${JSON.stringify(input.pattern)}.` : sink.lines.join("\n");
  return textOutput([text, ...notes].join("\n"), { details: { matches: sink.count } });
}

function argsOf(input: GrepInput): readonly string[] {
  return [
    ...hiddenArgs(input.hidden),
    ...(input.literal === true ? ["--fixed-strings"] : []),
    ...(input.ignoreCase === true ? ["--ignore-case"] : []),
    ...(input.filesOnly === true
      ? ["--files-with-matches", "--null"]
      : [
          "--null",
          "--with-filename",
          "--line-number",
          "--no-heading",
          "--no-context-separator",
          `--max-columns=${maxLineChars}`,
          "--max-columns-preview",
          `--context=${input.context ?? 0}`,
        ]),
  ];
}

interface Sink {
  readonly lines: readonly string[];
  /** Matches so far. */
  readonly count: number;
  /** Whether there were more than fit. */
  readonly full: boolean;
  /** Answers false when nothing more fits. */
  add(path: string, rest: string): boolean;
}

function fileSink(place: Place): Sink {
  const lines: string[] = [];
  let full = false;
  return {
    lines,
    get count() {
      return lines.length;
    },
    get full() {
      return full;
    },
    add: (path) => {
      full = lines.length === maxFiles;
      if (!full) lines.push(shown(path, place.real, place.shown));
      return !full;
    },
  };
}

/** Gets `12:text` for a match and `12-text` for a line around one. */
function lineSink(place: Place): Sink {
  const lines: string[] = [];
  let count = 0;
  let full = false;
  return {
    lines,
    get count() {
      return count;
    },
    get full() {
      return full;
    },
    add: (path, rest) => {
      const [, number, mark, text] = /^(\d+)([:-])(.*)$/s.exec(rest) ?? [];
      // Not a line of the format: the tail of a path with a newline in it.
      if (number === undefined || mark === undefined || text === undefined) return true;
      if (mark === ":" && count === maxMatches) {
        full = true;
        return false;
      }
      if (mark === ":") count++;
      lines.push(`${shown(path, place.real, place.shown)}${mark}${number}${mark}${text.replace(/\r$/, "")}`);
      return true;
    },
  };
}
