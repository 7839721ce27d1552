import { createTwoFilesPatch, diffArrays } from "diff";

/** Agents write what is compared, and may have been told what takes long. */
const maxDiffMs = 2_000;

/** A unified diff of two texts. Empty when they are the same; what would take long to compare is shown whole, as it was and as it is. */
export function diffMemory(path: string, before: string, after: string): string {
  if (before === after) return "";
  const patch = createTwoFilesPatch(path, path, before, after, "", "", { context: 3, timeout: maxDiffMs });
  return patch ?? [...marked("-", before), ...marked("+", after), ""].join("\n");
}

function marked(mark: string, text: string): readonly string[] {
  return text.split("\n").map((line) => `${mark}${line}`);
}

/** A line of a text, and the version that brought it. */
export interface BlamedLine {
  readonly line: string;
  readonly version: number;
}

/**
 * Tells for each line of the last text which version brought it; texts are given oldest first. A version that would take long
 * to compare counts as having brought all of its lines.
 */
export function blameMemory(
  texts: readonly { readonly version: number; readonly text: string }[],
): readonly BlamedLine[] {
  let blamed: readonly BlamedLine[] = [];
  for (const { version, text } of texts) {
    const lines = text.replace(/\r?\n$/u, "").split(/\r?\n/u);
    let at = 0;
    const next: BlamedLine[] = [];
    const changes = diffArrays(
      blamed.map(({ line }) => line),
      lines,
      { timeout: maxDiffMs },
    ) ?? [{ value: lines, added: true, removed: false }];
    for (const { value, added, removed } of changes) {
      if (added) next.push(...value.map((line) => ({ line, version })));
      else if (removed) at += value.length;
      else next.push(...blamed.slice(at, (at += value.length)));
    }
    blamed = next;
  }
  return blamed;
}
