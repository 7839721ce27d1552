/** Replaces the characters from `start` up to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** A text and places in it that move with what is replaced before them. */
export interface MarkedText {
  readonly text: string;
  /** Offsets, ascending. */
  readonly marks: readonly number[];
}

/** Applies edits, ascending and apart from each other; a mark inside an edit moves to its end. */
export function applyEdits({ text, marks }: MarkedText, edits: readonly TextEdit[]): MarkedText {
  if (edits.length === 0) return { text, marks };
  const pieces: string[] = [];
  const moved: number[] = [];
  let from = 0;
  let length = 0;
  let mark = 0;
  const moveMarks = (before: number, offsetOf: (at: number) => number): void => {
    for (let at = marks[mark]; at !== undefined && at < before; at = marks[++mark]) moved.push(offsetOf(at));
  };
  for (const { start, end, replacement } of edits) {
    const [begin, offset] = [from, length];
    moveMarks(start + 1, (at) => offset + at - begin);
    pieces.push(text.slice(from, start), replacement);
    length += start - from + replacement.length;
    from = end;
    const behind = length;
    moveMarks(end, () => behind);
  }
  const [begin, offset] = [from, length];
  pieces.push(text.slice(from));
  moveMarks(Number.POSITIVE_INFINITY, (at) => offset + at - begin);
  return { text: pieces.join(""), marks: moved };
}
