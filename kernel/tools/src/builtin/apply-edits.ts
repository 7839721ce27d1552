import { TauError } from "@tau/core";

import { closestLines } from "./closest-lines.ts";
import { findText, lineAt } from "./find-text.ts";
import type { Found, TextRange } from "./find-text.ts";
import { toEol, toLf } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";

/** One replacement. */
export interface TextEdit {
  readonly old: string;
  readonly new: string;
  /** Replace every occurrence; without it there must be exactly one. */
  readonly replaceAll?: boolean;
}

/** What {@link applyEdits} did. */
export interface AppliedEdits {
  readonly text: string;
  /** The places replaced, in the old text with its line ends written as `\n`; in order. */
  readonly places: readonly TextRange[];
  /** What the model should know about how its text was matched. */
  readonly notes: readonly string[];
}

/** Places that one edit replaces: all of them or none. */
const maxReplaced = 500_000;

interface Replacement extends TextRange {
  readonly text: string;
  readonly edit: number;
}

/**
 * Replaces texts in a file, all of them or none.
 *
 * Every edit is matched against the file as it is, not as an earlier edit leaves it, so their order does not
 * matter; edits that touch the same text are refused. Line ends are matched as `\n` and written as the file's.
 *
 * @throws TauError `edit.empty`, `edit.no_change`, `edit.no_match`, `edit.ambiguous`, `edit.overlap`
 */
export function applyEdits(name: string, file: TextFile, edits: readonly TextEdit[]): AppliedEdits {
  const lf = toLf(file.text);
  const notes: string[] = [];
  const replacements: Replacement[] = [];
  for (const [index, edit] of edits.entries()) {
    const label = edits.length === 1 ? "" : `edits[${index}]: `;
    const found = locate(name, lf, edit, label);
    if (found.normalised) {
      notes.push(
        `${label}"old" was not in the file exactly; line ${lineAt(lf, found.ranges[0]?.start ?? 0)} and following were equal but for trailing white space or typographic characters, and were replaced.`,
      );
    }
    for (const range of found.ranges) replacements.push({ ...range, text: edit.new, edit: index });
  }
  replacements.sort((a, b) => a.start - b.start || a.end - b.end);
  assertApart(lf, replacements);
  return { text: splice(file, lf, replacements), places: replacements, notes };
}

function locate(name: string, lf: string, edit: TextEdit, label: string): Found {
  const old = toLf(edit.old);
  if (old === "") {
    throw new TauError(
      "edit.empty",
      `${label}"old" is empty. To insert, give the line beside the place as "old" and repeat it in "new"; to make or fill a whole file, use write.`,
    );
  }
  if (old === toLf(edit.new)) {
    throw new TauError(
      "edit.no_change",
      `${label}"old" and "new" are equal. Leave this edit out, or correct "new".`,
    );
  }
  const found = findText(lf, old, edit.replaceAll === true ? maxReplaced + 1 : undefined);
  if (found.ranges.length === 0) throw noMatch(name, lf, old, label);
  if (found.ranges.length > maxReplaced)
    throw new TauError(
      "edit.ambiguous",
      `${label}"old" is in ${name} more than ${maxReplaced} times, which are not all replaced at once. Use a command for that.`,
    );
  if (edit.replaceAll === true && !found.normalised)
    return { ...found, ranges: withoutOverlaps(found.ranges) };
  if (found.ranges.length === 1) return found;
  const lines = found.ranges.slice(0, 20).map((range) => lineAt(lf, range.start));
  const advice = found.normalised
    ? "none of them exactly. Copy the lines exactly, and add lines around them"
    : 'Add lines around it until it is unique, or set "replaceAll" to change them all';
  throw new TauError(
    "edit.ambiguous",
    `${label}"old" is in ${name} ${found.ranges.length} times, at lines ${lines.join(", ")}${found.ranges.length > 20 ? ", …" : ""}; ${advice}.`,
  );
}

function withoutOverlaps(ranges: readonly TextRange[]): readonly TextRange[] {
  const kept: TextRange[] = [];
  for (const range of ranges) {
    if (range.start >= (kept.at(-1)?.end ?? 0)) kept.push(range);
  }
  return kept;
}

function assertApart(lf: string, replacements: readonly Replacement[]): void {
  for (const [index, after] of replacements.entries()) {
    const before = replacements[index - 1];
    if (before === undefined || before.end <= after.start) continue;
    throw new TauError(
      "edit.overlap",
      `edits[${before.edit}] and edits[${after.edit}] both change line ${lineAt(lf, after.start)}. Merge them into one edit.`,
    );
  }
}

/** Cuts the original text, never the normalised one, so that untouched lines keep their own line ends. */
/** Puts a text together from a file and what replaces parts of it; `lf` is its text with `\n`, ranges grow. */
export function splice(
  file: TextFile,
  lf: string,
  replacements: readonly (TextRange & { readonly text: string })[],
): string {
  const toOriginal = offsetsIn(file.text, lf);
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, text } of replacements) {
    const from = toOriginal(start);
    parts.push(file.text.slice(done, from), file.eol === "\r\n" ? toEol(text, "\r\n") : text);
    done = toOriginal(end);
  }
  parts.push(file.text.slice(done));
  return parts.join("");
}

/**
 * Translates positions in the text with `\n` to positions in the original; call it with growing positions.
 *
 * A position at a line's end lands before its `\r`, so that a replacement of the line's text keeps it.
 */
function offsetsIn(original: string, lf: string): (position: number) => number {
  if (original.length === lf.length) return (position) => position;
  let removed = 0;
  let next = original.indexOf("\r\n");
  return (position) => {
    while (next >= 0 && next - removed < position) {
      removed++;
      next = original.indexOf("\r\n", next + 2);
    }
    return position + removed;
  };
}

/** Says what the file has instead of `old`. */
export function noMatch(name: string, lf: string, old: string, label: string): TauError {
  const candidates = closestLines(lf, old, 3).map(({ firstLine, lines, similarity }) => {
    const last = firstLine + lines.length - 1;
    const where = lines.length === 1 ? `line ${firstLine}` : `lines ${firstLine}-${last}`;
    return `${where} (${Math.round(similarity * 100)} % alike):\n${lines.slice(0, 12).map(clip).join("\n")}`;
  });
  const help =
    candidates.length === 0
      ? "Nothing in it is like it; read the file again."
      : `The closest ${candidates.length === 1 ? "place is" : "places are"}:\n${candidates.join("\n---\n")}\nCopy "old" exactly, white space included.`;
  return new TauError("edit.no_match", `${label}"old" is not in ${name}. ${help}`);
}

function clip(line: string): string {
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}
