import { TauError } from "@tau/core";

import type { AppliedEdits } from "../builtin/apply-edits.ts";
import { noMatch, splice } from "../builtin/apply-edits.ts";
import { findText, lineAt } from "../builtin/find-text.ts";
import type { TextRange } from "../builtin/find-text.ts";
import { toLf } from "../builtin/text-file.ts";
import type { TextFile } from "../builtin/text-file.ts";
import type { PatchHunk } from "./parse-patch.ts";

/**
 * Applies the changes of a patch to one file, in their order, all of them or none.
 *
 * Lines are found as `edit` finds texts; where they are more than once, an anchor or the change before has to say
 * which ones are meant: a patch never changes the first of several places by chance.
 *
 * @throws TauError `edit.no_match`, `edit.ambiguous`
 */
export function applyHunks(name: string, file: TextFile, hunks: readonly PatchHunk[]): AppliedEdits {
  const lf = toLf(file.text);
  const places: (TextRange & { readonly text: string })[] = [];
  const notes: string[] = [];
  let from = 0;
  for (const hunk of hunks) {
    const start = afterAnchors(name, lf, hunk, from);
    const found = placeOf(name, lf, hunk, start);
    if (found.normalised)
      notes.push(
        `The lines at ${lineAt(lf, found.start)} were equal but for white space or typographic characters.`,
      );
    places.push({ start: found.start, end: found.end, text: found.text });
    from = found.end;
  }
  return { text: splice(file, lf, places), places, notes };
}

interface Place extends TextRange {
  readonly text: string;
  readonly normalised: boolean;
}

/** Where to look from: behind the line that each anchor names. */
function afterAnchors(name: string, lf: string, { anchors }: PatchHunk, from: number): number {
  let at = from;
  for (const anchor of anchors) {
    const line = lineWith(lf, anchor, at);
    if (line === undefined) {
      throw new TauError(
        "edit.no_match",
        `There is no line ${JSON.stringify(anchor)} in ${name}${at === 0 ? "" : " behind the change before"}. Copy the line after @@ exactly, or leave it out.`,
      );
    }
    at = line.end;
  }
  return at;
}

function lineWith(lf: string, anchor: string, from: number): TextRange | undefined {
  let start = from === 0 ? 0 : lf.lastIndexOf("\n", from - 1) + 1;
  while (start < lf.length) {
    const newline = lf.indexOf("\n", start);
    const end = newline === -1 ? lf.length : newline + 1;
    if (start >= from && lf.slice(start, end).trim() === anchor.trim()) return { start, end };
    start = end;
  }
  return undefined;
}

function placeOf(name: string, lf: string, hunk: PatchHunk, from: number): Place {
  const text = hunk.new.map((line) => `${line}\n`).join("");
  if (hunk.old.length === 0) {
    // Only new lines: behind the anchor, or at the end.
    const at = hunk.anchors.length > 0 ? from : lf.length;
    const gap = at > 0 && lf[at - 1] !== "\n" ? "\n" : "";
    return { start: at, end: at, text: gap + text, normalised: false };
  }
  const old = hunk.old.map((line) => `${line}\n`).join("");
  const atLineStart = (start: number): boolean => start === 0 || lf[start - 1] === "\n";
  const whole = findText(lf, old);
  const ranges = whole.ranges.filter(({ start }) => start >= from && atLineStart(start));
  if (ranges.length > 0) return chosen(name, lf, hunk, { ranges, normalised: whole.normalised, text });
  // The last line of a file may have no newline.
  const last = old.slice(0, -1);
  const start = lf.length - last.length;
  if (start >= from && atLineStart(start) && lf.endsWith(last))
    return { start, end: lf.length, text: text.slice(0, -1), normalised: false };
  throw noMatch(name, lf, last, "");
}

interface Candidates {
  readonly ranges: readonly TextRange[];
  readonly normalised: boolean;
  readonly text: string;
}

function chosen(name: string, lf: string, hunk: PatchHunk, { ranges, normalised, text }: Candidates): Place {
  const fitting = hunk.atEnd ? ranges.filter(({ end }) => end === lf.length) : ranges;
  const [first] = fitting.length === 0 ? ranges : fitting;
  if (first === undefined) throw noMatch(name, lf, hunk.old.join("\n"), "");
  if (fitting.length > 1 && hunk.anchors.length === 0) {
    const lines = fitting.slice(0, 20).map(({ start }) => lineAt(lf, start));
    throw new TauError(
      "edit.ambiguous",
      `The lines of a change are in ${name} ${fitting.length} times, at lines ${lines.join(", ")}. Add lines around them, or put "@@" and the line of the enclosing function or class before them.`,
    );
  }
  const isOpen = normalised && lf[first.end - 1] !== "\n";
  return { ...first, text: isOpen ? text.slice(0, -1) : text, normalised };
}
