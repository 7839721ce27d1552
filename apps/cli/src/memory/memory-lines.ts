import type { MemoryVersion, Note, Proposal } from "@tau/memory";

import { clip, plain, visible } from "../plain-text.ts";
import type { Style } from "../style.ts";

/** A note in one line. */
export function noteLine(note: Note, style: Style): string {
  const marks = [
    ...(note.label.integrity === "untrusted" ? ["untrusted"] : []),
    ...(note.retracted === undefined ? [] : ["retracted"]),
    ...(note.uses === 0 ? [] : [`${note.uses} uses`]),
  ];
  const more = marks.length === 0 ? "" : `  ${style("dim", marks.join(", "))}`;
  return `${style("bold", clip(note.id, 64))}  ${clip(note.type, 16)}  ${clip(note.summary, 200)}${more}`;
}

/** A version of a file in one line. */
export function versionLine({ number, at, action, by, reason, other }: MemoryVersion): string {
  const where = other === undefined ? "" : ` ${action === "arrived" ? "from" : "to"} ${other}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `${String(number).padStart(4)}  ${when(at)}  ${clip(`${action}${where} by ${by}${why}`, 200)}`;
}

/** A proposal in one line. */
export function proposalLine({ id, at, summary, label }: Proposal, style: Style): string {
  const from = label.origins.filter((origin) => origin !== "user").join(", ");
  return `${style("bold", clip(id, 40))}  ${when(at)}  ${clip(summary, 160)}  ${style("dim", clip(from, 200))}`;
}

/** Everything that a person decides on: where it goes, who wants it, and each character of it. */
export function proposalText({ path, by, summary, label, replaces, text }: Proposal): readonly string[] {
  return [
    plain(`${replaces === null ? "A new file" : "A change of"} ${path}, wanted by ${by}`),
    visible(`Because of: ${label.origins.join(", ")} (${label.integrity})`),
    visible(`Summary: ${summary}`),
    ...text.split("\n").map((line) => `  │ ${visible(line)}`),
  ];
}

/** A time in one line, to the minute. */
export function when(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
