import type { Label } from "@tau/core";

import { invalidNote, parseFrontLines, renderFrontLines } from "../notes/front-lines.ts";
import { createReader, labelFields, time } from "../notes/note-codec.ts";

/** Something that is to be remembered, and nobody vouches for. */
export interface Proposal {
  readonly id: string;
  /** The file it is to become. */
  readonly path: string;
  /** What that file is to hold, all of it. */
  readonly text: string;
  /** The etag of what it replaces; null for a new file. */
  readonly replaces: string | null;
  /** One line. */
  readonly summary: string;
  readonly by: string;
  readonly at: number;
  readonly label: Label;
}

/** Where proposals wait. */
export const inboxPrefix = "memory/inbox/";

/** The file of a proposal. */
export function proposalPath(id: string): string {
  return `${inboxPrefix}${id}.md`;
}

/** Writes a proposal: its text is quoted line by line, so that whoever comes upon the file sees that nobody says it. */
export function renderProposal(proposal: Proposal): string {
  const { id, path, text, replaces, summary, by, at, label } = proposal;
  return renderFrontLines(
    [
      ["id", id],
      ["path", path],
      ["replaces", replaces ?? undefined],
      ["summary", summary],
      ["by", by],
      ["proposed", time(at)],
      ...labelFields(label),
    ],
    text
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n"),
  );
}

/** Reads what {@link renderProposal} wrote. @throws TauError `memory.invalid_note` */
export function parseProposal(file: string, text: string): Proposal {
  const { fields, body } = parseFrontLines(file, text);
  const read = createReader(file, fields);
  const [id, path, at] = [read.text("id"), read.text("path"), read.time("proposed")];
  const lines = body.split("\n");
  if (
    id === undefined ||
    path === undefined ||
    at === undefined ||
    !lines.every((line) => line.startsWith("> "))
  )
    throw invalidNote(file, "it is not a proposal as it was written");
  return {
    id,
    path,
    text: lines.map((line) => line.slice(2)).join("\n"),
    replaces: read.text("replaces") ?? null,
    summary: read.text("summary") ?? "",
    by: read.text("by") ?? "unknown",
    at,
    label: read.label(),
  };
}
