import type { Definition } from "./definition.ts";
import { renderDefinition } from "./render-definition.ts";
import { codePoint, isHidden, spell } from "./show-hidden.ts";

const maxDiffMs = 500;

/**
 * How a definition differs from the one that was approved, for a person: lines that begin with `- ` and `+ `.
 *
 * Two lines that differ never look the same: hidden characters are shown by number, and so is every character
 * beyond ASCII that only one of the two has. What would take long to compare is shown whole, as it was and as it is: a server
 * chooses both. The library is loaded at the first change.
 */
export async function diffDefinitions(before: Definition, after: Definition): Promise<readonly string[]> {
  const { diffArrays } = await import("diff");
  const [old, now] = [renderDefinition(before), renderDefinition(after)];
  const [ofOld, ofNow] = [new Set(old.join("")), new Set(now.join(""))];
  const changes = diffArrays([...old], [...now], { timeout: maxDiffMs }) ?? [
    { removed: true, added: false, value: old },
    { removed: false, added: true, value: now },
  ];
  return changes.flatMap(({ added, removed, value }) => {
    if (added) return value.map((line) => `+ ${spellUnlike(line, ofOld)}`);
    return removed ? value.map((line) => `- ${spellUnlike(line, ofNow)}`) : [];
  });
}

function spellUnlike(line: string, other: ReadonlySet<string>): string {
  let spelled = "";
  for (const character of line) {
    // A tab looks like blanks.
    if (character === "\t" || isHidden(character)) spelled += codePoint(character);
    else spelled += other.has(character) ? character : spell(character);
  }
  return spelled;
}
