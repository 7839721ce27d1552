import type { HeldChanges } from "@tau/core";

import { visible } from "./plain-text.ts";
import type { Style } from "./style.ts";

/** What a call did on a copy, for whoever decides whether it is kept. Cut nowhere: what is not seen cannot be allowed. */
export function heldLines(held: HeldChanges | undefined, style: Style): readonly string[] {
  if (held === undefined) return [];
  const count = held.changes === 1 ? "1 change" : `${held.changes} changes`;
  const lines = held.diff.split("\n").map((line) => `      ${coloured(visible(line), style)}`);
  return [
    style("yellow", `    It ran on a copy. ${count}, not kept yet (${visible(held.transactionId)}):`),
    ...lines,
  ];
}

function coloured(line: string, style: Style): string {
  if (line.startsWith("+")) return style("green", line);
  return line.startsWith("-") ? style("red", line) : line;
}
