import { isTauError, TauError } from "@tau/core";

import type { ToolContext } from "../tool.ts";
import { languageFiles } from "./language-files.ts";
import { invalidPattern } from "./pattern-reader.ts";
import { toScriptPattern } from "./rust-pattern.ts";
import { searchProgram } from "./search-program.ts";
import type { SearchPrograms } from "./search-programs.ts";
import { maxLineBytes, needsWholeNames, ripgrepArguments, separatorOf } from "./search-query.ts";
import type { SearchQuery } from "./search-query.ts";

/** A search. */
export interface SearchRequest {
  readonly programs: SearchPrograms;
  readonly query: SearchQuery;
  /** Gets each record. Answering false ends the search: enough was found. */
  readonly onRecord: (record: string) => boolean;
  /** Default: 30 s. */
  readonly timeoutMs?: number;
}

/** How a search ended. */
export interface SearchResult {
  /** Whether everything was looked at: neither the time nor `onRecord` ended it early. */
  readonly complete: boolean;
  readonly timedOut: boolean;
}

const searchTimeoutMs = 30_000;
const maxErrorChars = 2000;
/** One record is a path or a line of at most 500 bytes; longer ones are dropped rather than kept in memory. */
const maxRecordChars = 100_000;
/** What Node holds in one text, with room to spare. */
const maxFileBytes = 200_000_000;

/**
 * Searches in the environment, by ripgrep or, where none can be started, by a program for Node that answers the same, and
 * hands out what is found record by record.
 *
 * @throws TauError `search.unavailable`, `search.invalid_pattern`, `search.failed`
 */
export async function runSearch(request: SearchRequest, context: ToolContext): Promise<SearchResult> {
  let cause: unknown;
  for (const argv of commandsOf(request)) {
    try {
      return await run(argv, request, context);
    } catch (error) {
      if (!isTauError(error) || error.code !== "environment.failed") throw error;
      cause = error;
    }
  }
  const { ripgrep, node } = request.programs;
  throw new TauError(
    "search.unavailable",
    `Neither ripgrep ("${ripgrep.join('", "')}") nor Node ("${node.join('", "')}") could be started. Search with bash (find, grep) instead; whoever runs Tau can install ripgrep or @vscode/ripgrep, or set ripgrepPath.`,
    { cause },
  );
}

/** One after the other: a pattern is only written anew for Node when it comes to that. */
function* commandsOf({ programs, query }: SearchRequest): Generator<readonly [string, ...string[]]> {
  for (const ripgrep of programs.ripgrep) yield [ripgrep, ...ripgrepArguments(query)];
  const own = JSON.stringify(programQuery(query));
  for (const node of programs.node) yield [node, "-e", searchProgram, "--", own];
}

function programQuery(query: SearchQuery): object {
  const { root, hidden, content } = query;
  const all = { root, hidden, wholeNames: needsWholeNames(query), maxLineBytes, maxFileBytes };
  if (content === undefined) return all;
  const { type, multiline, shows, context } = content;
  const types = type === undefined ? undefined : languageFiles.get(type);
  if (type !== undefined && types === undefined)
    throw new TauError("search.failed", `unrecognized file type: ${type}. Use glob instead.`);
  return { ...all, types, content: { ...toScriptPattern(content), multiline, shows, context } };
}

async function run(
  argv: readonly [string, ...string[]],
  request: SearchRequest,
  context: ToolContext,
): Promise<SearchResult> {
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  const records = recordReader(request, () => enough.abort());
  let errors = "";
  try {
    const result = await context.environment.exec(
      {
        argv,
        stdin: "",
        timeoutMs: request.timeoutMs ?? searchTimeoutMs,
        readOnly: true,
        onOutput: (chunk, stream) => {
          if (stream === "stdout") records.add(chunk);
          else if (errors.length < maxErrorChars) errors += Buffer.from(chunk).toString();
        },
      },
      signal,
    );
    // 1 means that nothing was found; 2 also comes with results, when single files could not be read.
    if (result.exitCode > 1 && !result.timedOut && !records.any) throw searchError(result.exitCode, errors);
    return { complete: !result.timedOut && !enough.signal.aborted, timedOut: result.timedOut };
  } catch (error) {
    context.signal.throwIfAborted();
    if (enough.signal.aborted) return { complete: false, timedOut: false };
    throw error;
  }
}
interface RecordReader {
  readonly any: boolean;
  add(chunk: Uint8Array): void;
}

function recordReader({ query, onRecord }: SearchRequest, stop: () => void): RecordReader {
  const decoder = new TextDecoder();
  let rest = "";
  let any = false;
  let stopped = false;
  return {
    get any() {
      return any;
    },
    add: (chunk) => {
      if (stopped) return;
      const records = (rest + decoder.decode(chunk, { stream: true })).split(separatorOf(query));
      rest = (records.pop() ?? "").slice(-maxRecordChars);
      for (const record of records) {
        any = true;
        if (onRecord(record)) continue;
        stopped = true;
        stop();
        return;
      }
    },
  };
}

function searchError(exitCode: number, output: string): TauError {
  const said = output.trim().slice(0, maxErrorChars);
  if (
    /regex parse error|error parsing|regex could not be compiled|is not allowed in a regex|look-?around/i.test(
      said,
    )
  ) {
    return invalidPattern(said);
  }
  return new TauError(
    "search.failed",
    `The search failed with exit code ${exitCode}: ${said || "no message"}`,
  );
}
