/** What is looked for, whichever program looks. */
export interface SearchQuery {
  /** A folder or a file, absolute and without symlinks. */
  readonly root: string;
  /** Also hidden files and folders, but `.git`. */
  readonly hidden: boolean;
  /** Absent: every file's path is a record, ended by NUL. */
  readonly content?: ContentQuery;
}

/** What the content of files is compared with. */
export interface ContentQuery {
  /** Rust syntax, unless it is `literal`. */
  readonly pattern: string;
  readonly literal: boolean;
  readonly ignoreCase: boolean;
  /** Matches may span lines. */
  readonly multiline: boolean;
  /** A language, as ripgrep names it. */
  readonly type?: string;
  /**
   * - `lines`: records such as `path NUL 12:text` for a match and `path NUL 11-text` for a line around one, ended by a line feed
   * - `files`: the paths of files with a match, ended by NUL
   * - `counts`: `path NUL count`, ended by a line feed
   */
  readonly shows: "lines" | "files" | "counts";
  /** Lines around a match. */
  readonly context: number;
}

/** A line has at most so many bytes in a record; the rest is left out, and said to be. */
export const maxLineBytes = 500;

/** What ends a record of the answers to a query. */
export function separatorOf({ content }: SearchQuery): "\n" | "\0" {
  return content === undefined || content.shows === "files" ? "\0" : "\n";
}

/**
 * Whether names with a line break are left out, and what is in such folders: a part of one would pass for the path of another
 * file where line feeds end records.
 */
export function needsWholeNames(query: SearchQuery): boolean {
  return separatorOf(query) === "\n";
}

/** ripgrep's arguments for a query, told to write nothing and to read no settings. */
export function ripgrepArguments(query: SearchQuery): readonly string[] {
  return [
    "--no-config",
    "--color=never",
    "--sort=path",
    "--no-require-git",
    // `.git` is never what anybody looks for, and has thousands of files.
    ...(query.hidden ? ["--hidden", "--glob=!.git"] : []),
    ...(needsWholeNames(query) ? ["--glob=!*\n*"] : []),
    ...(query.content === undefined ? ["--files", "--null"] : contentArguments(query.content)),
    "--",
    query.root,
  ];
}

function contentArguments(content: ContentQuery): readonly string[] {
  const shown = {
    files: ["--files-with-matches", "--null"],
    counts: ["--count-matches", "--null", "--with-filename"],
    lines: [
      "--null",
      "--with-filename",
      "--line-number",
      "--no-heading",
      "--no-context-separator",
      `--max-columns=${maxLineBytes}`,
      "--max-columns-preview",
      `--context=${content.context}`,
    ],
  };
  return [
    ...(content.literal ? ["--fixed-strings"] : []),
    ...(content.ignoreCase ? ["--ignore-case"] : []),
    ...(content.multiline ? ["--multiline"] : []),
    ...(content.type === undefined ? [] : [`--type=${content.type}`]),
    ...shown[content.shows],
    "-e",
    content.pattern,
  ];
}
