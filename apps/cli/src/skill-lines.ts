import type { FoundSkill, SkillFault } from "@tau/skills";

import { clip, plain } from "./plain-text.ts";
import type { Style } from "./style.ts";

const colours = {
  usable: "green",
  shadowed: "dim",
  untrusted: "yellow",
  quarantined: "red",
  unreadable: "red",
} as const;

/** A list of skills: one a line, with what it does, or why it does not count. */
export function skillLines(found: readonly FoundSkill[], style: Style): readonly string[] {
  const width = Math.max(0, ...found.map(({ name }) => name.length));
  return found.map(({ name, level, status, reason, skill }) => {
    const text = status === "usable" ? (skill?.description ?? "") : (reason ?? "");
    const shown = status.padEnd(11);
    return `${style("bold", plain(name).padEnd(width))}  ${style(colours[status], shown)}  ${level.padEnd(8)}  ${clip(text, 100)}`;
  });
}

/** What is wrong, one fault a line. */
export function faultLines(faults: readonly SkillFault[], label: string): readonly string[] {
  return faults.map(({ field, reason, fix }) => plain(`  ${label}: ${field} ${reason}. ${fix}`));
}
