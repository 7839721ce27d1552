import type { Definition } from "./definition.ts";
import { renderDefinition } from "./render-definition.ts";
import { codePoint, isHidden, spell } from "./show-hidden.ts";

/**
 * How a definition differs from the one that was approved, for a person: lines that begin with `- ` and `+ `.
 *
 * Two lines that differ never look the same: hidden characters are shown by number, and so is every character
 * beyond ASCII that only one of the two has. The library is loaded at the first change.
 */
export async function diffDefinitions(before: Definition, after: Definition): Promise<readonly string[]> {
  const { diffArrays } = await import("diff");
  const [old, now] = [renderDefinition(before), renderDefinition(after)];
  const [oldText, nowText] = [old.join("\n"), now.join("\n")];
  return diffArrays([...old], [...now]).flatMap(({ added, removed, value }) => {
    if (added) return value.map((line) => `+ ${spellUnlike(line, oldText)}`);
    return removed ? value.map((line) => `- ${spellUnlike(line, nowText)}`) : [];
  });
}

function spellUnlike(line: string, other: string): string {
  let spelled = "";
  for (const character of line) {
    // A tab looks like blanks.
    if (character === "\t" || isHidden(character)) spelled += codePoint(character);
    else spelled += other.includes(character) ? character : spell(character);
  }
  return spelled;
}
