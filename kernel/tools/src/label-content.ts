import { isLabel, joinLabels, untrusted } from "@tau/core";
import type { Label, ToolResultContent } from "@tau/core";

/** Adds a label to every part: each gets the join of it and of what it had. */
export function labelContent(
  content: readonly ToolResultContent[],
  label: Label | undefined,
): readonly ToolResultContent[] {
  if (label === undefined && content.every((part) => part.label === undefined)) return content;
  return content.map((part) => ({ ...part, label: joinLabels(...[label, part.label].flatMap(checked)) }));
}

/** The join of the parts' labels; absent when no part has one. */
export function labelOfContent(content: readonly ToolResultContent[]): Label | undefined {
  const labels = content.flatMap((part) => part.label ?? []);
  return labels.length === 0 ? undefined : joinLabels(...labels);
}

/** A tool may hand on JSON of others that looks like an output of its own: what is no label vouches for nothing. */
function checked(label: Label | undefined): readonly Label[] {
  if (label === undefined) return [];
  return [isLabel(label) ? label : untrusted("tool")];
}
