import { createTwoFilesPatch, diffArrays } from "diff";

/** A unified diff of two texts. Empty when they are the same. */
export function diffMemory(path: string, before: string, after: string): string {
  if (before === after) return "";
  return createTwoFilesPatch(path, path, before, after, "", "", { context: 3 });
}

/** A line of a text, and the version that brought it. */
export interface BlamedLine {
  readonly line: string;
  readonly version: number;
}

/** Tells for each line of the last text which version brought it; texts are given oldest first. */
export function blameMemory(
  texts: readonly { readonly version: number; readonly text: string }[],
): readonly BlamedLine[] {
  let blamed: readonly BlamedLine[] = [];
  for (const { version, text } of texts) {
    const lines = text.replace(/\r?\n$/u, "").split(/\r?\n/u);
    let at = 0;
    const next: BlamedLine[] = [];
    for (const { value, added, removed } of diffArrays(
      blamed.map(({ line }) => line),
      lines,
    )) {
      if (added) next.push(...value.map((line) => ({ line, version })));
      else if (removed) at += value.length;
      else next.push(...blamed.slice(at, (at += value.length)));
    }
    blamed = next;
  }
  return blamed;
}
