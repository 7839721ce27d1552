import { join, relative } from "node:path/posix";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { compileGlob, isElsewhere } from "./glob-pattern.ts";
import { placeOf } from "./open-file.ts";
import type { Place } from "./open-file.ts";
import { runSearch } from "./run-search.ts";
import { searchPrograms } from "./search-programs.ts";
import type { RipgrepOptions, SearchPrograms } from "./search-programs.ts";
import { workspacePath } from "./workspace-path.ts";

interface GlobInput {
  readonly pattern: string;
  readonly path?: string;
  readonly hidden?: boolean;
}

const maxFiles = 1000;

/** Makes the tool that finds files by their names. */
export function createGlobTool(options: RipgrepOptions = {}): Tool {
  const programs = searchPrograms(options);
  return defineTool<GlobInput>({
    name: "glob",
    description: `Finds files by name, for example "**/*.ts" or "src/**/test_*.{py,toml}". A pattern without "/" matches at any depth. Files that .gitignore names are left out. Shows up to ${maxFiles} paths, sorted.`,
    input: {
      type: "object",
      properties: {
        pattern: { type: "string", minLength: 1, description: "A glob, relative to path." },
        path: { type: "string", minLength: 1, description: "The folder to look in. Default: the workspace." },
        hidden: { type: "boolean", description: "Also hidden files and folders (but .git). Default false." },
      },
      required: ["pattern"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: 40_000,
    maxOutputChars: 60_000,
    access: ({ path }, workspace) => [{ kind: "read", path: workspacePath(workspace, path ?? ".") }],
    execute: async (input, context) => await find(await programs(), input, context),
  });
}

async function find(programs: SearchPrograms, input: GlobInput, context: ToolContext): Promise<ToolOutput> {
  const place = await placeOf(input.path ?? ".", context);
  const folders = namesOf(place, context);
  const matches = compileGlob(input.pattern, folders);
  // Fails for a folder that is not there, in words that ripgrep does not have.
  await context.environment.stat(place.real, context.signal);
  const files: string[] = [];
  let found = 0;
  const { timedOut } = await runSearch(
    {
      programs,
      query: { root: place.real, hidden: input.hidden === true },
      onRecord: (path) => {
        if (!matches(relative(place.real, path))) return true;
        found++;
        if (files.length < maxFiles) files.push(shownPath(path, place));
        return true;
      },
    },
    context,
  );
  const notes = [
    ...(found > files.length
      ? [`[${found - files.length} more files. Use a narrower pattern or path.]`]
      : []),
    ...(timedOut ? ["[The search took too long and is not complete. Use a narrower path.]"] : []),
  ];
  const text = files.length === 0 ? noFiles(input, folders) : files.join("\n");
  return textOutput([text, ...notes].join("\n"), { details: { files: found } });
}

/** A path that was found, written below the folder as the model knows it. */
export function shownPath(path: string, place: Place): string {
  return join(place.shown, relative(place.real, path));
}

/** How a folder may be written in an absolute pattern. */
export function namesOf({ shown, real }: Place, { environment }: ToolContext): readonly string[] {
  return [real, workspacePath(environment.info.profile.workspace, shown)];
}

function noFiles({ pattern, hidden = false }: GlobInput, folders: readonly string[]): string {
  const relation = isElsewhere(pattern, folders) ? ' The pattern is relative to "path".' : "";
  const hint = hidden ? "" : ' Hidden files need "hidden": true; ignored files are never listed.';
  return `No files match ${JSON.stringify(pattern)}.${relation}${hint}`;
}
