import { estimateTextTokens } from "@tau/core";

import { oneLine } from "./one-line.ts";
import { byCodeUnits } from "./order.ts";
import type { Skill } from "./skill.ts";

/** The text that tells a model which skills there are. */
export interface SkillCatalog {
  /** Empty when there are no skills. The same skills and the same budget give the same bytes. */
  readonly text: string;
  /** As estimated. More than the budget only when the names alone are. */
  readonly tokens: number;
  /** Characters that were kept of each description; absent when nothing was cut. */
  readonly clippedTo?: number;
}

const head = `Skills are instructions for particular tasks, written by people. Before you begin a task that one of these covers, call
the tool "skill" with its name and follow what it says.
<skills>
`;
const tail = "</skills>";
const longest = 1_024;

/**
 * Writes the catalog of some skills, ordered by name, in at most `maxTokens`: when the descriptions do not fit, all of them
 * are cut at the same length, the longest that fits. No skill is left out, for a skill that is not listed is not used.
 */
export function renderSkillCatalog(
  skills: readonly Skill[],
  { maxTokens }: { readonly maxTokens: number },
): SkillCatalog {
  if (skills.length === 0) return { text: "", tokens: 0 };
  const lines = skills
    .map(({ name, description }) => ({ name, description: Array.from(oneLine(description)) }))
    .toSorted((a, b) => byCodeUnits(a.name, b.name));
  const render = (cap: number): string => `${head}${lines.map((line) => lineOf(line, cap)).join("")}${tail}`;
  const fits = (cap: number): boolean => estimateTextTokens(render(cap)) <= maxTokens;
  const cap = fits(longest) ? longest : widest(longest, fits);
  const text = render(cap);
  const isCut = lines.some(({ description }) => description.length > cap);
  return { text, tokens: Math.ceil(estimateTextTokens(text)), ...(isCut ? { clippedTo: cap } : {}) };
}

interface Line {
  readonly name: string;
  /** By characters, so that none is cut in half. */
  readonly description: readonly string[];
}

function lineOf({ name, description }: Line, cap: number): string {
  if (cap === 0) return `- ${name}\n`;
  const kept =
    description.length <= cap
      ? description.join("")
      : `${description
          .slice(0, cap - 1)
          .join("")
          .trimEnd()}…`;
  return `- ${name}: ${kept}\n`;
}

/** The largest number below `top` that fits; 0 when none does. */
function widest(top: number, fits: (cap: number) => boolean): number {
  let [low, high] = [0, top];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
