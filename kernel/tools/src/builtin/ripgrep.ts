import { isTauError, TauError } from "@tau/core";

import type { ToolContext } from "../tool.ts";

/** What the search tools need to know. */
export interface RipgrepOptions {
  /**
   * The program, looked up on the environment's PATH unless absolute. Default: the one of `@vscode/ripgrep` where that is
   * installed and the environment can run it, else `rg`.
   */
  readonly ripgrepPath?: string;
}

/** A search. */
export interface RipgrepRequest {
  /** Tried in turn until one can be started. */
  readonly programs: readonly [string, ...string[]];
  /** Everything but the program and the defaults; patterns and paths must be guarded by `-e` and `--`. */
  readonly args: readonly string[];
  /** Ends one record of the output. */
  readonly separator: "\n" | "\0";
  /** Gets each record. Answering false ends the search: enough was found. */
  readonly onRecord: (record: string) => boolean;
}

/** How a search ended. */
export interface RipgrepResult {
  /** Whether everything was looked at: neither the time nor `onRecord` ended it early. */
  readonly complete: boolean;
  readonly timedOut: boolean;
}

const searchTimeoutMs = 30_000;
const maxErrorChars = 2000;
/** One record is a path or a line of at most 500 bytes; longer ones are dropped rather than kept in memory. */
const maxRecordChars = 100_000;

/**
 * Runs ripgrep in the environment, told to write nothing, and hands out its output record by record.
 *
 * @throws TauError `search.unavailable`, `search.invalid_pattern`, `search.failed`
 */
export async function ripgrep(request: RipgrepRequest, context: ToolContext): Promise<RipgrepResult> {
  let cause: unknown;
  for (const program of request.programs) {
    try {
      return await runRipgrep(program, request, context);
    } catch (error) {
      if (!isTauError(error) || error.code !== "environment.failed") throw error;
      cause = error;
    }
  }
  throw new TauError(
    "search.unavailable",
    `ripgrep ("${request.programs.join('", "')}") could not be started. Search with bash (find, grep) instead; whoever runs Tau can install ripgrep or @vscode/ripgrep, or set ripgrepPath.`,
    { cause },
  );
}

async function runRipgrep(
  program: string,
  request: RipgrepRequest,
  context: ToolContext,
): Promise<RipgrepResult> {
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  const records = recordReader(request, () => enough.abort());
  let errors = "";
  try {
    const result = await context.environment.exec(
      {
        argv: [program, "--no-config", "--color=never", "--sort=path", "--no-require-git", ...request.args],
        stdin: "",
        timeoutMs: searchTimeoutMs,
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

function recordReader(request: RipgrepRequest, stop: () => void): RecordReader {
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
      const records = (rest + decoder.decode(chunk, { stream: true })).split(request.separator);
      rest = (records.pop() ?? "").slice(-maxRecordChars);
      for (const record of records) {
        any = true;
        if (request.onRecord(record)) continue;
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
    return new TauError(
      "search.invalid_pattern",
      `The pattern is not a valid regular expression (Rust syntax, no look-around or back-references). Escape special characters with \\, or set "literal".\n${said}`,
    );
  }
  return new TauError(
    "search.failed",
    `The search failed with exit code ${exitCode}: ${said || "no message"}`,
  );
}
