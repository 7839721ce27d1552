import { TauError } from "@tau/core";

/** A place of a file to change: the lines to find, and what is there instead. */
export interface PatchHunk {
  /** Lines to go to first, one inside the other: a class, then its method. */
  readonly anchors: readonly string[];
  /** Lines with a blank or a minus before them. */
  readonly old: readonly string[];
  /** Lines with a blank or a plus before them. */
  readonly new: readonly string[];
  /** Whether the lines are the last ones of the file. */
  readonly atEnd: boolean;
}

/** What a patch does to one file. */
export type PatchOperation =
  | { readonly kind: "add"; readonly path: string; readonly content: string }
  | { readonly kind: "delete"; readonly path: string }
  | {
      readonly kind: "update";
      readonly path: string;
      readonly moveTo?: string;
      readonly hunks: readonly PatchHunk[];
    };

const begin = "*** Begin Patch";
const end = "*** End Patch";
const endOfFile = "*** End of File";
const header = /^\*\*\* (Add|Delete|Update) File: (.+)$/u;

/**
 * Reads an `apply_patch` envelope, as models of OpenAI write it.
 *
 * @throws TauError `edit.invalid_patch`, which names the line
 */
export function parsePatch(patch: string): readonly PatchOperation[] {
  const lines = patch.replaceAll("\r\n", "\n").trim().split("\n");
  const reader = createReader(lines);
  if (reader.next() !== begin) throw invalid(1, `it does not begin with "${begin}"`);
  const operations: PatchOperation[] = [];
  for (;;) {
    const line = reader.next();
    if (line === end) break;
    const [, verb, path = ""] = header.exec(line ?? "") ?? [];
    if (verb === undefined) throw invalid(reader.line(), expected);
    operations.push(readOperation(verb, path.trim(), reader));
  }
  if (operations.length === 0) throw invalid(reader.line(), "it changes no file");
  const paths = operations.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw invalid(1, `${twice} is in it twice; put everything about a file together`);
  return operations;
}

const expected = `a line "*** Add File: …", "*** Delete File: …", "*** Update File: …" or "${end}" is expected`;

interface Reader {
  next(): string | undefined;
  peek(): string | undefined;
  /** Of the line that `next` gave last, from 1. */
  line(): number;
}

function createReader(lines: readonly string[]): Reader {
  let at = 0;
  return { next: () => lines[at++], peek: () => lines[at], line: () => Math.min(at, lines.length) };
}

function readOperation(verb: string, path: string, reader: Reader): PatchOperation {
  if (verb === "Delete") return { kind: "delete", path };
  if (verb === "Add") return { kind: "add", path, content: readAdded(reader) };
  const [, moveTo] = /^\*\*\* Move to: (.+)$/u.exec(reader.peek() ?? "") ?? [];
  if (moveTo !== undefined) reader.next();
  const hunks: PatchHunk[] = [];
  while (isPartOfFile(reader.peek())) hunks.push(readHunk(reader));
  if (hunks.length === 0 && moveTo === undefined)
    throw invalid(reader.line(), `it changes nothing of ${path}`);
  return { kind: "update", path, hunks, ...(moveTo === undefined ? {} : { moveTo: moveTo.trim() }) };
}

function isPartOfFile(line: string | undefined): boolean {
  return line !== undefined && line !== end && !header.test(line);
}

function readAdded(reader: Reader): string {
  const content: string[] = [];
  while (isPartOfFile(reader.peek())) {
    const line = reader.next() ?? "";
    if (!line.startsWith("+")) throw invalid(reader.line(), 'each line of a new file begins with "+"');
    content.push(`${line.slice(1)}\n`);
  }
  return content.join("");
}

function readHunk(reader: Reader): PatchHunk {
  const anchors: string[] = [];
  while (reader.peek()?.startsWith("@@") === true) {
    const anchor = (reader.next() ?? "").slice(2).trim();
    if (anchor !== "") anchors.push(anchor);
  }
  const [old, added]: [string[], string[]] = [[], []];
  let atEnd = false;
  let changes = false;
  while (isPartOfFile(reader.peek()) && reader.peek()?.startsWith("@@") !== true && !atEnd) {
    const line = reader.next() ?? "";
    const [mark, text] = [line.slice(0, 1), line.slice(1)];
    if (line === endOfFile) atEnd = true;
    else if (mark === "+") added.push(text);
    else if (mark === "-") old.push(text);
    else if (mark === " " || line === "") {
      old.push(text);
      added.push(text);
    } else throw invalid(reader.line(), 'each line of a change begins with " ", "-", "+" or "@@"');
    changes ||= mark === "+" || mark === "-";
  }
  if (!changes) throw invalid(reader.line(), "a change has neither a line with - nor one with +");
  return { anchors, old, new: added, atEnd };
}

function invalid(line: number, problem: string): TauError {
  return new TauError(
    "edit.invalid_patch",
    `The patch cannot be read at line ${line}: ${problem}. Nothing was changed.`,
  );
}
