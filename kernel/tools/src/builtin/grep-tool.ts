import { basename, isAbsolute, relative } from "node:path/posix";

import { isTauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { isWithin } from "../host/path-policy.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { compileGlob, isElsewhere } from "./glob-pattern.ts";
import { namesOf, shownPath } from "./glob-tool.ts";
import { placeOf } from "./open-file.ts";
import { runSearch } from "./run-search.ts";
import { searchPrograms } from "./search-programs.ts";
import type { RipgrepOptions, SearchPrograms } from "./search-programs.ts";
import type { ContentQuery } from "./search-query.ts";
import { workspacePath } from "./workspace-path.ts";

interface GrepInput {
  readonly pattern: string;
  readonly path?: string;
  readonly glob?: string;
  readonly literal?: boolean;
  readonly ignoreCase?: boolean;
  readonly context?: number;
  readonly filesOnly?: boolean;
  readonly count?: boolean;
  readonly type?: string;
  readonly multiline?: boolean;
  readonly skip?: number;
  readonly hidden?: boolean;
}

const maxMatches = 100;
const maxFiles = 1000;

/** Makes the tool that searches the content of files. */
export function createGrepTool(options: RipgrepOptions = {}): Tool {
  const programs = searchPrograms(options);
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
        count: { type: "boolean", description: "Show only how many matches each file has." },
        type: {
          type: "string",
          pattern: "^[a-z0-9_+-]{1,20}$",
          description: 'Only files of a language, as ripgrep names it: "ts", "py", "rust".',
        },
        multiline: { type: "boolean", description: "Matches may span lines. Default false." },
        skip: {
          type: "integer",
          minimum: 0,
          maximum: 1_000_000,
          description: "Leave out so many matches (or files) from the first on: the next page.",
        },
        hidden: { type: "boolean", description: "Also hidden files and folders (but .git). Default false." },
      },
      required: ["pattern"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: 40_000,
    maxOutputChars: 100_000,
    access: ({ path }, workspace) => [{ kind: "read", path: workspacePath(workspace, path ?? ".") }],
    execute: async (input, context) => await search(await programs(), input, context),
  });
}

async function search(programs: SearchPrograms, input: GrepInput, context: ToolContext): Promise<ToolOutput> {
  const place = await placeOf(input.path ?? ".", context);
  const folders = namesOf(place, context);
  const filter = input.glob === undefined ? undefined : compileGlob(input.glob, folders);
  await context.environment.stat(place.real, context.signal);
  const skip = input.skip ?? 0;
  const sink = input.filesOnly === true || input.count === true ? fileSink(skip) : lineSink(skip);
  const { timedOut } = await runSearch(
    {
      programs,
      query: { root: place.real, hidden: input.hidden === true, content: contentOf(input) },
      onRecord: (record) => {
        const path = record.split("\0", 1)[0] ?? "";
        // Where the folder's own name is broken over lines: nobody knows whose line that is, and who may read it.
        const isPiece = input.filesOnly !== true && path === record;
        if (isPiece || !isAbsolute(path) || !isWithin(path, place.real)) return true;
        const name = path === place.real ? basename(path) : relative(place.real, path);
        return filter?.(name) === false || sink.add(path, record.slice(path.length + 1));
      },
    },
    context,
  );
  const files = await readableOnly(sink.files, context);
  const lines = files.flatMap((file) => {
    const path = shownPath(file.path, place);
    return file.lines.length === 0 ? [path] : file.lines.map((line) => `${path}${line}`);
  });
  const limit = sink.isOfFiles ? `${maxFiles} files` : `${maxMatches} matches`;
  const notes = [
    ...(sink.full
      ? [
          `[Only ${skip === 0 ? "the first " : ""}${limit} are shown. Go on with skip ${skip + sink.shown}, or use a narrower pattern, path or glob.]`,
        ]
      : []),
    ...(timedOut ? ["[The search took too long and is not complete. Use a narrower path.]"] : []),
    ...(files.length < sink.files.length
      ? [`[Files with secrets left out: ${sink.files.length - files.length}.]`]
      : []),
  ];
  const text = lines.length === 0 ? noMatches(input, folders) : lines.join("\n");
  return textOutput([text, ...notes].join("\n"), { details: { files: files.length } });
}

function noMatches({ pattern, glob }: GrepInput, folders: readonly string[]): string {
  const isMeantElsewhere = glob !== undefined && isElsewhere(glob, folders);
  const relation = isMeantElsewhere ? ' The glob is relative to "path".' : "";
  return `No matches for ${JSON.stringify(pattern)}.${relation}`;
}

function contentOf(input: GrepInput): ContentQuery {
  const { pattern, literal = false, ignoreCase = false, multiline = false, context = 0, type } = input;
  const shows = input.filesOnly === true ? "files" : input.count === true ? "counts" : "lines";
  return {
    pattern,
    literal,
    ignoreCase,
    multiline,
    shows,
    context,
    ...(type === undefined ? {} : { type }),
  };
}

/** A file with its matching lines; without lines when only files are wanted. */
interface FileMatches {
  readonly path: string;
  readonly lines: string[];
}

/** Collects what fits of a search. */
interface Sink {
  readonly files: readonly FileMatches[];
  /** Whether there was more than fits. */
  readonly full: boolean;
  /** How many matches, or files, are in it. */
  readonly shown: number;
  readonly isOfFiles: boolean;
  /** Answers false when nothing more fits. */
  add(path: string, rest: string): boolean;
}

function fileSink(skip: number): Sink {
  const files: FileMatches[] = [];
  let passed = 0;
  let full = false;
  return {
    files,
    isOfFiles: true,
    get shown() {
      return files.length;
    },
    get full() {
      return full;
    },
    add: (path, count) => {
      if (passed++ < skip) return true;
      full = files.length === maxFiles;
      if (!full) files.push({ path, lines: count === "" ? [] : [`:${count}`] });
      return !full;
    },
  };
}

/** Gets `12:text` for a match and `12-text` for a line around one. */
function lineSink(skip: number): Sink {
  const files: FileMatches[] = [];
  let count = 0;
  let passed = 0;
  let full = false;
  return {
    files,
    isOfFiles: false,
    get shown() {
      return count;
    },
    get full() {
      return full;
    },
    add: (path, rest) => {
      const [, number, mark, text] = /^(\d+)([:-])(.*)$/s.exec(rest) ?? [];
      // Not a line of the format: the tail of a path with a newline in it.
      if (number === undefined || mark === undefined || text === undefined) return true;
      if (mark === ":" && passed < skip) {
        passed++;
        return true;
      }
      // Lines around a match that is left out are left out with it.
      if (mark === "-" && passed < skip) return true;
      if (mark === ":" && count === maxMatches) {
        full = true;
        return false;
      }
      if (mark === ":") count++;
      if (files.at(-1)?.path !== path) files.push({ path, lines: [] });
      files.at(-1)?.lines.push(`${mark}${number}${mark}${text.replace(/\r$/, "")}`);
      return true;
    },
  };
}

/** Leaves out what `read` would refuse: on a host nothing else keeps a search from looking into secrets. */
async function readableOnly(
  files: readonly FileMatches[],
  context: ToolContext,
): Promise<readonly FileMatches[]> {
  const allowed = await Promise.all(
    files.map(async ({ path }) => {
      try {
        await context.environment.stat(path, context.signal);
        return true;
      } catch (error) {
        context.signal.throwIfAborted();
        return isTauError(error) && error.code !== "environment.denied";
      }
    }),
  );
  return files.filter((_, index) => allowed[index]);
}
