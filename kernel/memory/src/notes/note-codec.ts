import { joinLabels } from "@tau/core";
import type { Confidentiality, Integrity, Label } from "@tau/core";

import { invalidNote, parseFrontLines, renderFrontLines } from "./front-lines.ts";
import type { FrontValue } from "./front-lines.ts";
import { noteLimits } from "./note.ts";
import type { Note } from "./note.ts";

/** Writes a note: the same note always gives the same text. */
export function renderNote(note: Note): string {
  const { source, label, retracted } = note;
  return renderFrontLines(
    [
      ["id", note.id],
      ["type", note.type],
      ["summary", note.summary],
      ["by", source.by],
      ["events", source.events.length === 0 ? undefined : source.events],
      ...labelFields(label),
      ["created", time(note.createdAt)],
      ["valid_from", time(note.validFrom)],
      ["valid_to", time(note.validTo)],
      ["supersedes", note.supersedes],
      ["retracted", time(retracted?.at)],
      ["retracted_because", retracted?.because],
      ["approved_by", note.approvedBy],
      ["uses", String(note.uses)],
      ["last_used", time(note.lastUsedAt)],
    ],
    note.body,
  );
}

/** The lines that say how far to trust something. */
export function labelFields(label: Label): readonly (readonly [string, FrontValue | undefined])[] {
  const { integrity, confidentiality, origins, secrets } = label;
  return [
    ["integrity", integrity],
    ["confidentiality", confidentiality],
    ["origins", origins.length === 0 ? undefined : origins],
    ["secrets", secrets.length === 0 ? undefined : secrets],
  ];
}

/**
 * Reads a note. People may leave out all but `summary`: then it is a fact that nobody vouches for, since `fallbackAt`.
 *
 * @throws TauError `memory.invalid_note`
 */
export function parseNote(path: string, text: string, fallbackAt: number): Note {
  const { fields, body } = parseFrontLines(path, text);
  const read = createReader(path, fields);
  const createdAt = read.time("created") ?? fallbackAt;
  const summary = read.text("summary") ?? "";
  const retractedAt = read.time("retracted");
  const note: Note = {
    id: read.text("id") ?? nameOf(path),
    type: read.text("type") ?? "fact",
    summary,
    body,
    source: { by: read.text("by") ?? "unknown", events: read.list("events") },
    label: read.label(),
    createdAt,
    validFrom: read.time("valid_from") ?? createdAt,
    ...defined("validTo", read.time("valid_to")),
    ...defined("supersedes", read.text("supersedes")),
    ...(retractedAt === undefined
      ? {}
      : { retracted: { at: retractedAt, because: read.text("retracted_because") ?? "" } }),
    ...defined("approvedBy", read.text("approved_by")),
    uses: read.count("uses"),
    ...defined("lastUsedAt", read.time("last_used")),
  };
  // A file that says it is another note would change what that one is.
  if (note.id !== nameOf(path))
    throw invalidNote(path, `its id is ${JSON.stringify(note.id.slice(0, 80))}, and its name another`);
  assertNote(path, note);
  return note;
}

/** Checks what no note may be. @throws TauError `memory.invalid_note` */
export function assertNote(path: string, note: Note): void {
  const { summaryChars, bodyChars, typeChars, events } = noteLimits;
  const fault =
    (!/^[a-z0-9][a-z0-9-]{0,63}$/u.test(note.id) &&
      "its id has other characters than a-z, 0-9 and hyphens, or is longer than 64") ||
    (!new RegExp(`^[a-z][a-z_-]{0,${typeChars - 1}}$`, "u").test(note.type) &&
      "its type is no lower-case word") ||
    (note.summary.trim() === "" && "it has no summary") ||
    (/[\r\n]/u.test(note.summary) && "its summary has more than one line") ||
    (note.summary.length > summaryChars && `its summary has more than ${summaryChars} characters`) ||
    (note.body.length > bodyChars && `its body has more than ${bodyChars} characters`) ||
    (note.source.events.length > events && `it names more than ${events} events`) ||
    (note.validTo !== undefined && note.validTo <= note.validFrom && "it ends before it begins");
  if (fault !== false) throw invalidNote(path, fault);
}

/** Reads fields of front matter, each in its kind. */
export interface FieldReader {
  text(key: string): string | undefined;
  list(key: string): readonly string[];
  /** Milliseconds since the epoch. */
  time(key: string): number | undefined;
  count(key: string): number;
  label(): Label;
}

/** Makes a {@link FieldReader}, which throws `memory.invalid_note` for a field of another kind. */
export function createReader(path: string, fields: ReadonlyMap<string, FrontValue>): FieldReader {
  const text = (key: string): string | undefined => {
    const value = fields.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw invalidNote(path, `${key} must be one text`);
  };
  const list = (key: string): readonly string[] => {
    const value = fields.get(key) ?? [];
    return typeof value === "string" ? [value] : value;
  };
  return {
    text,
    list,
    time(key) {
      const value = text(key);
      if (value === undefined || value === "") return undefined;
      const at = Date.parse(value);
      if (Number.isNaN(at))
        throw invalidNote(path, `${key} must be a time, such as 2026-01-31T12:00:00.000Z`);
      return at;
    },
    count(key) {
      const count = Number(text(key) ?? "0");
      if (Number.isSafeInteger(count) && count >= 0) return count;
      throw invalidNote(path, `${key} must be a whole number`);
    },
    label() {
      // What does not say how far it may be trusted is trusted least; joining orders and bounds the names.
      const integrity = oneOf(integrities, text("integrity")) ?? "untrusted";
      const confidentiality = oneOf(confidentialities, text("confidentiality")) ?? "workspace";
      return joinLabels({ integrity, confidentiality, origins: list("origins"), secrets: list("secrets") });
    },
  };
}

const integrities: readonly Integrity[] = ["system", "user", "workspace", "untrusted"];
const confidentialities: readonly Confidentiality[] = ["public", "workspace", "secret"];

function oneOf<Word extends string>(words: readonly Word[], value: string | undefined): Word | undefined {
  return words.find((word) => word === value);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.md$/u, "");
}

/** A time in the one way it is written. */
export function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

function defined<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Readonly<Record<Key, Value>>> {
  const known: Partial<Record<Key, Value>> = {};
  if (value !== undefined) known[key] = value;
  return known;
}
